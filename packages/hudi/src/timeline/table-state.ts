import {
  hash64,
  inSlices,
  mapConcurrently,
  type ObjectStore,
  type Steps,
  TableError,
  type TableSource,
} from '@spillway/core'
import { loadTableConfig, type TableConfig } from '../config/table-config.js'
import { type CommitMetadata, loadCommitMetadata } from './commit-metadata.js'
import type { Instant } from './instant.js'
import { INSTANTS_IN_A_STEP, loadTimeline, type Timeline } from './timeline.js'

/** A table as its `.hoodie` folder describes it now, before any file is looked at. */
export interface TableState {
  readonly root: string
  readonly config: TableConfig
  readonly timeline: Timeline
  /** Changes whenever an instant comes, goes or changes, and when the table is made anew. */
  readonly fingerprint: string
}

const CONCURRENCY = 8

export async function loadTableState(
  store: ObjectStore,
  source: TableSource,
  signal?: AbortSignal,
): Promise<TableState> {
  const root = rootOf(source)
  const config = await loadTableConfig(store, root, signal)
  if (config === undefined) {
    throw new TableError(
      'NOT_FOUND',
      `no Hudi table at ${root}: .hoodie/hoodie.properties is missing`,
      {
        context: { path: root },
      },
    )
  }
  const timeline = await loadTimeline(store, root, config, signal)
  return { root, config, timeline, fingerprint: await inSlices(fingerprintOf(config, timeline)) }
}

export function rootOf(source: TableSource): string {
  return source.location.replace(/\/+$/, '')
}

/** A hash of the properties, and then of some instants at a time with what came before. */
function* fingerprintOf(config: TableConfig, { instants }: Timeline): Steps<string> {
  let print = hashed([...config.properties].map(([key, value]) => `${key}=${value}`))
  for (let start = 0; start < instants.length; start += INSTANTS_IN_A_STEP) {
    const some = instants.slice(start, start + INSTANTS_IN_A_STEP)
    const texts = some.map(i => `${i.path} ${i.state} ${i.size} ${i.lastModified}`)
    print = hashed([print, ...texts])
    yield
  }
  return print
}

function hashed(lines: readonly string[]): string {
  const text = new TextEncoder().encode(lines.join('\n'))
  return `${hash64(text).toString(16)}${hash64(text, 1).toString(16)}`
}

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

  /** By begin time, everything read so far. */
  async loadAll(instants: readonly Instant[], signal?: AbortSignal): Promise<void> {
    await mapConcurrently(instants, CONCURRENCY, instant => this.load(instant, signal))
  }

  get loaded(): ReadonlyMap<string, CommitMetadata> {
    this.#loaded ??= new Map([...this.#known].map(([begin, { commit }]) => [begin, commit]))
    return this.#loaded
  }
}
