/**
 * Long work on the one thread that everybody's requests share, cut into slices: between two of them others go on. Slices of
 * all work wait in one line and one runs each turn of the event loop, so that ten long reads at once hold nobody up for
 * longer than one does.
 */
export class Slices {
  readonly #sliceMs: number
  #began = beginningOfTurn()
  #steps = 0

  constructor(sliceMs = SLICE_MS) {
    this.#sliceMs = sliceMs
  }

  /** Asked after each step of about a microsecond: true where it is somebody else's turn. */
  get isOver(): boolean {
    return (++this.#steps & STEPS_MASK) === 0 && this.isOverNow
  }

  /** True where it is somebody else's turn: asked after a step that is long by itself. */
  get isOverNow(): boolean {
    return performance.now() - this.#began >= this.#sliceMs
  }

  /** Resolves when it is the turn of the next slice. */
  async pause(): Promise<void> {
    await nextTurn()
    this.#began = beginningOfTurn()
  }
}

let turnBegan: number | undefined

/**
 * When this turn of the event loop began. Of works of some milliseconds, one after the other, none would be over if each began
 * anew: they are one hold for all others.
 */
function beginningOfTurn(): number {
  if (turnBegan === undefined) {
    turnBegan = performance.now()
    soon(() => {
      turnBegan = undefined
    })
  }
  return turnBegan
}

/** Tells work in steps when one is long enough, by what was done: values are of any size. */
export class Pace {
  readonly #stepBytes: number
  #done = 0

  constructor(stepBytes = STEP_BYTES) {
    this.#stepBytes = stepBytes
  }

  /** After a value of `bytes`. */
  isOver(bytes: number): boolean {
    this.#done += bytes + BYTES_A_VALUE
    if (this.#done < this.#stepBytes) return false
    this.#done = 0
    return true
  }
}

/** What a value costs whatever it holds. */
const BYTES_A_VALUE = 64
const STEP_BYTES = 1 << 20

/** Work that yields after each of its steps: a promise where it cannot go on before that has settled. */
export type Steps<Result> = Generator<Promise<unknown> | undefined, Result, undefined>

/** What `promise` becomes, for work in steps. */
export function* awaited<T>(promise: Promise<T>): Steps<T> {
  let found: { readonly value: T } | undefined
  yield promise.then(value => {
    found = { value }
  })
  return found!.value
}

/** The result of work whose steps wait for nothing, at once. */
export function atOnce<Result>(work: Steps<Result>): Result {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** Runs work in slices; `step` is around each of its steps, to say of an error where it was. */
export async function inSlices<Result>(
  work: Steps<Result>,
  slices = new Slices(),
  step: (
    next: () => IteratorResult<Promise<unknown> | undefined, Result>,
  ) => IteratorResult<Promise<unknown> | undefined, Result> = next => next(),
): Promise<Result> {
  let next = () => work.next()
  // Of many short works none may have a step that ends late enough.
  if (slices.isOverNow) await slices.pause()
  for (;;) {
    const { done, value } = step(next)
    if (done) return value
    next = () => work.next()
    if (value !== undefined) {
      await value.catch((error: unknown) => {
        next = () => work.throw(error)
      })
    }
    if (slices.isOverNow) await slices.pause()
  }
}

/**
 * Works in slices, one after the other: those of one request end no sooner for being begun all at once, and each would hold its
 * memory until the last has ended.
 */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `work` when all that came before has ended, well or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/** A number of columns that takes milliseconds at each look at them. */
export const MANY_COLUMNS = 2000

/** Long enough that pauses cost nothing, short enough that nobody notices. */
const SLICE_MS = 10
/** The clock is looked at every 64 steps. */
const STEPS_MASK = 63

// Of the thread, as its event loop is.
const waiting: (() => void)[] = []
let isScheduled = false

/** Resolves when it is the turn of the next slice: for work that is cut in few places. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    waiting.push(resolve)
    schedule()
  })
}

function schedule(): void {
  if (isScheduled || waiting.length === 0) return
  isScheduled = true
  // What is scheduled while the event loop polls runs before it has looked at timers and polled again: twice lets all others go.
  soon(() => soon(next))
}

/** Runs `work` in another turn of the event loop. Browsers have timers alone for that. */
function soon(work: () => void): void {
  const immediate: unknown = Reflect.get(globalThis, 'setImmediate')
  if (typeof immediate === 'function') immediate(work)
  else setTimeout(work, 0)
}

function next(): void {
  isScheduled = false
  waiting.shift()?.()
  schedule()
}
