import { setFlagsFromString } from 'node:v8'

/** Of V8's own measure, about the bytes of code that WebAssembly ran over. An answer takes ten million; Node 20 allows 1.8. */
const BUDGET = 2_000_000_000

/**
 * `fetch` reads answers with WebAssembly, of which Node 20 compiles the largest function a second time, to run faster, after the
 * first answer: a tenth of a second of processor, and the process cannot end before. A command that asks a few questions is
 * over by then; after some hundred answers it is compiled all the same.
 */
export function spareCompiling(): void {
  // Newer Nodes allow more by themselves, and V8 may forget the flag, of which it would complain aloud.
  if (!process.versions.node.startsWith('20.')) return
  // Loads what `fetch` consists of: what is loaded under other flags than Node was built with is compiled anew.
  new Headers()
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET}`)
}
