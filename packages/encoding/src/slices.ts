/**
 * Long work on the one thread that everybody's requests share, cut into slices: between two of them others go on. Slices of
 * all work wait in one line and one runs each turn of the event loop, so that ten long reads at once hold nobody up for
 * longer than one does.
 */
export class Slices {
  readonly #sliceMs: number
  #began = performance.now()
  #steps = 0

  constructor(sliceMs = SLICE_MS) {
    this.#sliceMs = sliceMs
  }

  /** Asked after each step of about a microsecond: true where it is somebody else's turn. */
  get isOver(): boolean {
    return (++this.#steps & STEPS_MASK) === 0 && this.isOverNow
  }

  /** The same, asked after a step that is long by itself. */
  get isOverNow(): boolean {
    return performance.now() - this.#began >= this.#sliceMs
  }

  /** Resolves when it is the turn of the next slice. */
  async pause(): Promise<void> {
    await turn()
    this.#began = performance.now()
  }
}

/** Runs what yields after each of its steps, in slices; `step` is around each, to say of an error where it was. */
export async function inSlices<Result>(
  work: Generator<undefined, Result, undefined>,
  slices: Slices,
  step: (next: () => IteratorResult<undefined, Result>) => IteratorResult<undefined, Result>,
): Promise<Result> {
  for (;;) {
    const { done, value } = step(() => work.next())
    if (done) return value as Result
    if (slices.isOverNow) await slices.pause()
  }
}

/** Long enough that pauses cost nothing, short enough that nobody notices. */
const SLICE_MS = 10
/** The clock is looked at every 64 steps. */
const STEPS_MASK = 63

// Of the thread, as its event loop is.
const waiting: (() => void)[] = []
let isScheduled = false

function turn(): Promise<void> {
  return new Promise(resolve => {
    waiting.push(resolve)
    schedule()
  })
}

function schedule(): void {
  if (isScheduled || waiting.length === 0) return
  isScheduled = true
  setImmediate(() => {
    isScheduled = false
    waiting.shift()?.()
    schedule()
  })
}
