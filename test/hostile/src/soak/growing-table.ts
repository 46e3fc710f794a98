import { localStore } from '@spillway/storage'
import { deltaAdd, deltaRemove, deltaTable } from '@spillway/testkit'

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

export async function growingTable(location: string): Promise<GrowingTable> {
  const table = deltaTable(localStore(), location)
  await table.create({
    fields: [
      { name: 'id', type: 'long' },
      { name: 'name', type: 'string' },
    ],
    configuration: { 'delta.enableChangeDataFeed': 'true' },
  })
  let version = 0
  const changesOf = (of: number) => ({
    added: of > 0 ? namesOf(of) : [],
    removed: of > KEPT_COMMITS ? namesOf(of - KEPT_COMMITS) : [],
  })
  return {
    location,
    get version() {
      return version
    },
    changesOf,
    filesAt(at) {
      const first = Math.max(1, at - KEPT_COMMITS + 1)
      return Array.from({ length: at - first + 1 }, (_, i) => namesOf(first + i)).flat()
    },
    async append() {
      const next = version + 1
      const { added, removed } = changesOf(next)
      await table.commit(
        ...added.map((name, i) => deltaAdd(name, { stats: statsOf(next * ADDED + i) })),
        ...removed.map(name => deltaRemove(name)),
      )
      version = next
    },
  }
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
