import { setV8Flag } from './v8-flags.js'

/** By V8's own measure, about bytes of code that WebAssembly ran over: an answer takes ten million, V8 allows 2 or 13. */
const BUDGET = 2_000_000_000

/**
 * `fetch` reads answers with WebAssembly, of which V8 compiles the largest function a second time, to run faster, after an answer
 * or two: a tenth of a second of processor, and the process cannot end before. A command that asks a few questions is over by
 * then; after some hundred answers it is compiled all the same.
 */
export function spareCompiling(): void {
  // Loads what `fetch` consists of: what is loaded under other flags than Node was built with is compiled anew.
  new Headers()
  setV8Flag(`--wasm-tiering-budget=${BUDGET}`)
}
