import { everyRow, type FileBatchHandle, type LiveFiles, type Selection } from '@spillway/core'
import type { DeltaBatch } from '../files/delta-batch.js'
import { type FileContext, liveFiles } from '../files/live-files.js'
import { subtract } from '../log/commit-replay.js'
import type { KeyIndex } from '../log/key-index.js'
import type { CheckpointPart } from './checkpoint-part.js'
import { parsesPartitions } from './summaries.js'

/** Keys waiting for a part to be loaded are merged when there are more than this many indexes of them. */
const MAX_PENDING = 8

/** Keys that are merged in some milliseconds. Indexes that do not fit are few: each was as much work to make. */
const MANY_KEYS = 50_000

/** What was merged last with an index as the newest. */
const lastMerged = new WeakMap<KeyIndex, { readonly of: Indexes; readonly into: Indexes }>()

type Indexes = readonly KeyIndex[]

/** Keys of the same files in fewer indexes: the smallest of them in one. Parts of one checkpoint have the same, mostly. */
function merged(indexes: Indexes): Indexes {
  const newest = indexes.at(-1)!
  const known = lastMerged.get(newest)
  if (known?.of.length === indexes.length && known.of.every((each, i) => each === indexes[i])) {
    return known.into
  }
  const into = mergedOnce(indexes)
  lastMerged.set(newest, { of: indexes, into })
  return into
}

function mergedOnce(indexes: Indexes): Indexes {
  const bySize = indexes.toSorted((a, b) => a.size - b.size)
  let count = 0
  for (let keys = 0; count < bySize.length; count++) {
    keys += bySize[count]!.size
    if (keys > MANY_KEYS) break
  }
  if (count < 2) return indexes
  const [first, ...others] = bySize.slice(0, count)
  return [...bySize.slice(count), first!.merged(...others)]
}

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
    const files = liveFiles(batch, await this.#liveRows(batch), this.#context)
    this.#isRead = files.unreadable === undefined
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
    const few = pending.length > MAX_PENDING ? merged(pending) : pending
    return new CheckpointHandle(this.part, context, few, this.#before)
  }

  async #liveRows(batch: DeltaBatch): Promise<Selection> {
    if (this.#live === undefined) {
      let live = this.#before ?? everyRow(batch.length)
      for (const keys of this.#keys) live = await subtract(batch, live, keys)
      this.#live = live
      this.#keys = []
    }
    return this.#live
  }
}
