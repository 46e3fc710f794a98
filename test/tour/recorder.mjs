// Notes which files a piece of work enters, in order, and which calls which.
import { isBottom, START, sourceOf } from './files.mjs'

/**
 * Runs `work` alone, in built packages whose functions say that they are entered. Gives `files`, an entry for each file in the order
 * in which they are entered: `file`, and `caller`, the file that calls it first (`START` where `work` does, undefined where Node
 * does). `calls` has a pair of files for each function and who calls it first. `chain`: the files of all who wait when `until` is
 * entered, from the first on.
 */
export async function recorded(work, { until }) {
  const trace = new Trace(until)
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = Number.POSITIVE_INFINITY
  globalThis.__entered = (file, start) => trace.entered(file, start)
  try {
    await work()
  } finally {
    globalThis.__entered = undefined
    Error.stackTraceLimit = limit
  }
  return trace.result()
}

class Trace {
  #until
  #functions = new Set()
  #callers = new Map()
  #files = new Map()
  #calls = new Set()
  #chain = []

  constructor(until) {
    this.#until = until
  }

  /** Of a function only the first call counts: what a file is called for later, its other functions say. */
  entered(file, start) {
    const key = `${file} ${start}`
    if (this.#functions.has(key)) return
    this.#functions.add(key)
    const [own, ...frames] = framesNow()
    const callers = this.#completed(frames)
    if (own.name !== undefined && !this.#callers.has(own.name)) this.#callers.set(own.name, callers)
    const stack = [own, ...callers]
    // Whoever calls while its fields get their values has entered no function yet.
    for (let i = stack.length - 1; i >= 0; i--) this.#call(stack[i].file, stack.slice(i + 1))
    if (file === this.#until && this.#chain.length === 0) this.#chain = stack.reverse()
  }

  result() {
    if (this.#chain.length === 0) throw new Error(`${this.#until} was not entered`)
    const chain = this.#chain.map(({ file }) => file)
    return {
      files: [...this.#files].map(([file, caller]) => ({ file, caller })),
      calls: [...this.#calls].map(call => call.split(' ')),
      chain: chain.filter((file, i) => file !== START && file !== chain[i - 1]),
    }
  }

  #call(file, callers) {
    if (file === START) return
    const caller = callerOf(file, callers)
    if (!this.#files.has(file)) this.#files.set(file, caller)
    if (caller !== undefined) this.#calls.add(`${caller} ${file}`)
  }

  /**
   * The frames of a stack and of those who called its asynchronous part. Past an `await` V8 knows the functions that wait, but not
   * those that handed a promise on: these were on the stack when the function that goes on now was entered.
   */
  #completed(frames) {
    const waiting = frames.findIndex(({ isAsync }) => isAsync)
    const resumed = frames.at(waiting < 0 ? -1 : Math.max(0, waiting - 1))
    const earlier = this.#callers.get(resumed?.name)
    const isSame = waiting < 0 || earlier?.some(({ name }) => name === frames[waiting].name)
    if (earlier !== undefined && isSame) return joined(frames, resumed, earlier)
    const known = frames.find(({ isAsync, name }) => isAsync && this.#callers.has(name))
    return known === undefined ? frames : joined(frames, known, this.#callers.get(known.name))
  }
}

function joined(frames, last, earlier) {
  return [...frames.slice(0, frames.indexOf(last) + 1), ...earlier]
}

/** What lies at the bottom is called by all, and a call through it is its caller's. */
function callerOf(file, callers) {
  return callers.find(frame => frame.file !== file && !isBottom(frame.file))?.file
}

function framesNow() {
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = (_, sites) => sites
  const { stack } = new Error('for its stack')
  Error.prepareStackTrace = prepare
  return stack.flatMap(site => {
    const url = site.getFileName() ?? ''
    const file = url.endsWith('/test/tour/queries.mjs') ? START : sourceOf(url)
    if (file === undefined) return []
    const name = site.getFunctionName()
    return [{ file, isAsync: site.isAsync(), name: name === null ? undefined : `${file} ${name}` }]
  })
}
