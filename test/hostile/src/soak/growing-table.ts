import { localStore } from '@spillway/storage'
import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaTable,
  deltaVersion,
} from '@spillway/testkit'

/** A table that gains commits while it is read, and what each of its versions holds. */
export interface GrowingTable {
  readonly location: string
  /** The newest version whose commit is whole. */
  readonly version: number
  /** Names of the live files of a version, in order. */
  filesAt(version: number): readonly string[]
  /** Names that a commit adds and removes. */
  changesOf(version: number): {
    readonly added: readonly string[]
    readonly removed: readonly string[]
  }
  append(): Promise<void>
}

const ADDED = 3
/** So many commits keep their files: the table is as large at the end of a soak as soon after its beginning. */
const KEPT_COMMITS = 40

/** As writers have it: without, each version would take longer to open than the one before. */
const COMMITS_BETWEEN_CHECKPOINTS = 10
/** Nobody asks for a version that is older than so many commits; their log is cleaned up. */
const KEPT_LOG = 100

const FEATURES = ['v2Checkpoint']
const MADE = {
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string' },
  ],
  configuration: { 'delta.enableChangeDataFeed': 'true' },
  readerFeatures: FEATURES,
}

export async function growingTable(location: string): Promise<GrowingTable> {
  const store = localStore()
  const table = deltaTable(store, location)
  await table.create(MADE)
  let version = 0
  const changesOf = (of: number) => ({
    added: of > 0 ? namesOf(of) : [],
    removed: of > KEPT_COMMITS ? namesOf(of - KEPT_COMMITS) : [],
  })
  const filesAt = (at: number) => commitsLiveAt(at).flatMap(namesOf)
  const addsOf = (commit: number) =>
    namesOf(commit).map((name, i) => deltaAdd(name, { stats: statsOf(commit * ADDED + i) }))
  const checkpoint = async (at: number) => {
    const adds = commitsLiveAt(at).flatMap(addsOf)
    await table.checkpoint([deltaProtocol(FEATURES), deltaMetadata(MADE), ...adds])
  }
  return {
    location,
    get version() {
      return version
    },
    changesOf,
    filesAt,
    async append() {
      const next = version + 1
      const { removed } = changesOf(next)
      await table.commit(...addsOf(next), ...removed.map(name => deltaRemove(name)))
      if (next % COMMITS_BETWEEN_CHECKPOINTS === 0) await checkpoint(next)
      version = next
      const old = next - KEPT_LOG
      if (old >= 0) await store.delete(`${location}/_delta_log/${deltaVersion(old)}.json`)
    },
  }
}

function commitsLiveAt(version: number): readonly number[] {
  const first = Math.max(1, version - KEPT_COMMITS + 1)
  return Array.from({ length: version - first + 1 }, (_, i) => first + i)
}

function namesOf(version: number): readonly string[] {
  return Array.from(
    { length: ADDED },
    (_, i) => `part-${String(version).padStart(6, '0')}-${i}.parquet`,
  )
}

function statsOf(id: number) {
  return {
    numRecords: 1,
    minValues: { id, name: 'a' },
    maxValues: { id, name: 'a' },
    nullCount: { id: 0, name: 0 },
  }
}
