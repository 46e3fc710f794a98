import {
  budgetsOf,
  mapConcurrently,
  type ObjectStore,
  readListed,
  TableError,
} from '@spillway/core'
import { type CommitMetadata, commitMetadataOf, REPLACED } from './commit-metadata.js'
import type { Instant } from './instant.js'
import { badInstant, readTimelineDocument } from './timeline-document.js'

const CONCURRENCY = 8

/** Bodies of completed writes. They never change, so a later snapshot of the table takes them over. */
export class CommitLoader {
  readonly #store: ObjectStore
  readonly #known: Map<string, { readonly identity: string; readonly commit: CommitMetadata }>
  #loaded: ReadonlyMap<string, CommitMetadata> | undefined

  constructor(store: ObjectStore, previous?: CommitLoader) {
    this.#store = store
    this.#known = new Map(previous?.knownEntries() ?? [])
  }

  knownEntries() {
    return this.#known.entries()
  }

  async load(instant: Instant, signal?: AbortSignal): Promise<CommitMetadata> {
    const identity = `${instant.path} ${instant.size} ${instant.lastModified}`
    const known = this.#known.get(instant.begin)
    if (known !== undefined && known.identity === identity) return known.commit
    const commit = instant.archived ?? (await loadCommitMetadata(this.#store, instant, signal))
    this.#known.set(instant.begin, { identity, commit })
    this.#loaded = undefined
    return commit
  }

  async loadAll(instants: readonly Instant[], signal?: AbortSignal): Promise<void> {
    await mapConcurrently(instants, CONCURRENCY, instant => this.load(instant, signal))
  }

  /** Every body that was read so far, by begin time. */
  get loaded(): ReadonlyMap<string, CommitMetadata> {
    this.#loaded ??= new Map([...this.#known].map(([begin, { commit }]) => [begin, commit]))
    return this.#loaded
  }
}

/** Refuses a completed write whose body lacks what only that says. */
async function loadCommitMetadata(
  store: ObjectStore,
  instant: Instant,
  signal?: AbortSignal,
): Promise<CommitMetadata> {
  const bytes = await readListed(store, instant, { signal })
  if (bytes === undefined) {
    throw new TableError('TABLE_CORRUPT', `the instant ${instant.path} was listed and is gone`, {
      context: { path: instant.path },
      retryable: true,
    })
  }
  const { path } = instant
  const document = await readTimelineDocument(bytes, path, budgetsOf(store))
  // What wrote, and what it replaced, stands nowhere else: a document without them is cut, or another's.
  const needed = [
    'partitionToWriteStats',
    ...(instant.action === 'replacecommit' ? [REPLACED] : []),
  ]
  for (const key of needed) {
    if (!document.has(key)) {
      const found = bytes.length === 0 ? 'it is empty' : `found ${keysOf(document)}`
      throw badInstant(path, `expected ${key} in a completed ${instant.action}: ${found}`)
    }
  }
  return commitMetadataOf(document, path)
}

function keysOf(document: ReadonlyMap<string, unknown>): string {
  return [...document.keys()].slice(0, 5).join(', ') || 'no entries'
}
