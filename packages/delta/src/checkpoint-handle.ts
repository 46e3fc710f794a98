import { type FileBatchHandle, type LiveFiles, type Selection, selectAll } from '@spillway/core'
import type { CheckpointPart } from './checkpoint-part.js'
import { subtract } from './commit-replay.js'
import type { DeltaBatch } from './delta-batch.js'
import type { KeyIndex } from './key-index.js'
import { type FileContext, liveFiles } from './live-files.js'
import { parsesPartitions } from './summaries.js'

/** Keys waiting for a part to be loaded are merged when there are more than this many indexes of them. */
const MAX_PENDING = 8

/** A part of a checkpoint, less the files that later commits named. Loads when asked, and knows no more until then. */
export class CheckpointHandle implements FileBatchHandle {
  readonly part: CheckpointPart
  readonly #context: FileContext
  /** Emptied once they are subtracted. */
  #keys: readonly KeyIndex[]
  /** Live rows before `keys`, where an earlier snapshot worked them out. */
  readonly #before: Selection | undefined
  #live: Selection | undefined
  #isRead = false

  constructor(
    part: CheckpointPart,
    context: FileContext,
    keys: readonly KeyIndex[],
    before?: Selection,
  ) {
    this.part = part
    this.#context = context
    this.#keys = keys
    this.#before = before
  }

  get fileCount(): number {
    return this.#live?.length ?? this.part.maxFiles
  }

  async load(signal?: AbortSignal): Promise<LiveFiles> {
    const batch = await this.part.load(signal)
    const files = liveFiles(batch, this.#liveRows(batch), this.#context)
    this.#isRead = true
    return files
  }

  /** True where every partition value was read before, or a footer proves that all of them can be. */
  get isReadable(): boolean {
    return this.#isRead || parsesPartitions(this.part, this.#context.metadata)
  }

  /** The same part one or more commits later. */
  after(keys: KeyIndex, context: FileContext): CheckpointHandle {
    const next = this.#after(keys, context)
    next.#isRead = this.#isRead && context.metadata === this.#context.metadata
    return next
  }

  #after(keys: KeyIndex, context: FileContext): CheckpointHandle {
    if (this.#live !== undefined) {
      return new CheckpointHandle(this.part, context, keys.size === 0 ? [] : [keys], this.#live)
    }
    const pending = keys.size === 0 ? [...this.#keys] : [...this.#keys, keys]
    if (pending.length > MAX_PENDING) {
      pending.splice(
        0,
        pending.length,
        pending.reduce((all, more) => all.merged(more)),
      )
    }
    return new CheckpointHandle(this.part, context, pending, this.#before)
  }

  #liveRows(batch: DeltaBatch): Selection {
    if (this.#live === undefined) {
      let live = this.#before ?? selectAll(batch.length)
      for (const keys of this.#keys) live = subtract(batch, live, keys)
      this.#live = live
      this.#keys = []
    }
    return this.#live
  }
}
