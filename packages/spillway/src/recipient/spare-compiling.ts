import { setFlagsFromString } from 'node:v8'

/** By V8's own measure, about bytes of code that WebAssembly ran over: an answer takes ten million, V8 allows 2 or 13. */
const BUDGET = 2_000_000_000

/** The newest Node that the flag was tried on: V8 may forget it one day, and would complain of it aloud. */
const NEWEST = 24

/**
 * `fetch` reads answers with WebAssembly, of which V8 compiles the largest function a second time, to run faster, after an answer
 * or two: a tenth of a second of processor, and the process cannot end before. A command that asks a few questions is over by
 * then; after some hundred answers it is compiled all the same.
 */
export function spareCompiling(): void {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major > NEWEST) return
  // Loads what `fetch` consists of: what is loaded under other flags than Node was built with is compiled anew.
  new Headers()
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET}`)
}
