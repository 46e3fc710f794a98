import type {
  ChangeSet,
  DataFile,
  FilePartition,
  ObjectStore,
  Selection,
  StatsTable,
} from '@spillway/core'
import { keepingCache, type ManifestEntry, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import { type HistorySnapshot, type HistoryTable, historyTable } from '../support/history-table.js'
import { dataFile, filesOf, LOCATION, recordingStore } from '../support/small-table.js'

function file(name: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { ...dataFile(name, 1), sequenceNumber: 1, ...more }
}

function vector(target: string, name: string, sequenceNumber: number): ManifestEntry {
  return {
    content: 1,
    format: 'PUFFIN',
    path: `${LOCATION}/data/${name}`,
    partition: [1],
    recordCount: 2,
    size: 90,
    sequenceNumber,
    referencedFile: `${LOCATION}/data/${target}`,
    contentOffset: 4,
    contentSize: 40,
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** `a`, or `a-v` where the vector `v` applies. */
function spelled({ path, deletes }: DataFile): string {
  const names = deletes.map(each =>
    nameOf(each.kind === 'deletion-vector' ? each.id.replace(/@.*/, '') : each.path),
  )
  return [nameOf(path), ...names].join('-')
}

async function changesOf(
  table: HistoryTable | ObjectStore,
  start: bigint,
  end: bigint,
): Promise<readonly ChangeSet[]> {
  const store = 'snapshots' in table ? await historyTable(table) : table
  const reader = icebergReader({ store, cache: keepingCache() })
  const range = { startVersion: start, endVersion: end, kind: 'feed' } as const
  const sets: ChangeSet[] = []
  for await (const set of reader.changes!({ location: LOCATION }, range)) sets.push(set)
  return sets
}

async function texts(table: HistoryTable, start: bigint, end: bigint) {
  const sets = await changesOf(table, start, end)
  return sets.map(({ version, changes }) => [
    version,
    changes.map(({ action, file: one }) => `${action} ${spelled(one)}`),
  ])
}

const files = (...names: readonly string[]) => ({ entries: names.map(name => file(name)) })
const vectors = (...entries: readonly ManifestEntry[]) =>
  ({ entries, content: 'deletes', sequenceNumber: 9 }) as const

const appends: HistoryTable = {
  manifests: { m1: files('a'), m2: files('b'), m3: files('c') },
  snapshots: [
    { id: 11, lists: ['m1'] },
    { id: 12, lists: ['m1', 'm2'] },
    { id: 13, lists: ['m1', 'm2', 'm3'] },
  ],
}

describe('changes', () => {
  it('of appends are the files that each added', async () => {
    expect(await texts(appends, 1n, 3n)).toEqual([
      [1n, ['add a']],
      [2n, ['add b']],
      [3n, ['add c']],
    ])
  })

  it('count a manifest as often as it is listed, and a file as often as manifests list it', async () => {
    const table: HistoryTable = {
      manifests: { m1: files('a'), m2: files('a', 'b', 'b') },
      snapshots: [
        { id: 11, lists: ['m1'] },
        { id: 12, lists: ['m1', 'm1'] },
        { id: 13, lists: ['m1', 'm2'] },
      ],
    }
    expect(await texts(table, 1n, 3n)).toEqual([
      [1n, ['add a']],
      [2n, ['add a']],
      [3n, ['add b', 'add b']],
    ])
  })

  it('are those of the range, its end no later than the latest version', async () => {
    expect(await texts(appends, 2n, 2n)).toEqual([[2n, ['add b']]])
    expect(await texts(appends, 3n, 9n)).toEqual([[3n, ['add c']]])
    expect(await texts(appends, 0n, 1n)).toEqual([[1n, ['add a']]])
  })

  it('come with the metadata of the first version and of those that changed it', async () => {
    const snapshots = appends.snapshots.map((each, i) => ({ ...each, schemaId: i === 2 ? 1 : 0 }))
    const sets = await changesOf({ ...appends, snapshots }, 1n, 3n)
    expect(sets.map(({ metadata }) => metadata?.schema.fields.length)).toEqual([2, undefined, 1])
    expect(sets.map(({ metadata }) => metadata?.version)).toEqual([1n, undefined, 3n])
    expect(sets.map(({ timestamp }) => timestamp)).toEqual([1000, 2000, 3000])
  })

  it('come with metadata that follows from the granted files alone', async () => {
    const table: HistoryTable = {
      formatVersion: 3,
      manifests: {
        m1: { entries: [1, 2].map(part => ({ ...dataFile(`f${part}`, part), sequenceNumber: 1 })) },
        d1: vectors({ ...vector('f2', 'v', 2), partition: [2] }),
      },
      snapshots: [
        { id: 11, lists: ['m1'] },
        { id: 12, lists: ['m1', 'd1'] },
      ],
    }
    const reader = icebergReader({ store: await historyTable(table), cache: keepingCache() })
    const features = async (part: number) => {
      const grantBy = () => ({
        holds: ({ partition }: FilePartition) => partition[0] === part,
        mayHold: (_: StatsTable, rows: Selection) => rows,
      })
      const range = { startVersion: 1n, endVersion: 2n, kind: 'feed', grantBy } as const
      const told: (readonly string[] | undefined)[] = []
      for await (const { metadata } of reader.changes!({ location: LOCATION }, range)) {
        told.push(metadata && [...metadata.features])
      }
      return told
    }
    expect(await features(1)).toEqual([[], undefined])
    expect(await features(2)).toEqual([[], ['deletionVectors']])
  })

  it('look once for the granted files of a manifest of deletes, however many snapshots list it', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `d${i}`)
    const vectorsOf = (name: string) =>
      vectors({ ...vector('f2', name, 2), partition: [2], referencedFile: `${LOCATION}/${name}` })
    const table: HistoryTable = {
      formatVersion: 3,
      manifests: {
        m1: { entries: [1, 2].map(part => ({ ...dataFile(`f${part}`, part), sequenceNumber: 1 })) },
        ...Object.fromEntries(names.map(name => [name, vectorsOf(name)])),
      },
      snapshots: names.map((_, i) => ({ id: 11 + i, lists: ['m1', ...names.slice(0, i)] })),
    }
    const reader = icebergReader({ store: await historyTable(table), cache: keepingCache() })
    let looks = 0
    const holds = ({ partition }: FilePartition) => {
      if (partition[0] === 2) looks++
      return partition[0] === 1
    }
    const grantBy = () => ({ holds, mayHold: (_: StatsTable, rows: Selection) => rows })
    const range = { startVersion: 1n, endVersion: 20n, kind: 'feed', grantBy } as const
    for await (const { metadata } of reader.changes!({ location: LOCATION }, range)) {
      expect([...(metadata?.features ?? [])]).toEqual([])
    }
    // Each manifest of deletes once, and the file that they apply to in every version.
    expect(looks).toBeLessThan(3 * names.length)
  })

  it('read no manifest that both snapshots list', async () => {
    const { store, reads } = recordingStore(await historyTable(appends))
    await changesOf(store, 3n, 3n)
    expect(reads.filter(name => name.startsWith('m'))).toEqual(['m3.avro'])
  })

  it.each<[string, HistoryTable, readonly string[]]>([
    [
      'a file that was rewritten',
      {
        manifests: { m1: files('a', 'b'), m2: files('b', 'c') },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m2'], operation: 'overwrite' },
        ],
      },
      ['add c', 'remove a'],
    ],
    [
      'manifests that were merged',
      {
        manifests: { m1: files('a'), m2: files('b'), m3: files('b', 'a', 'c') },
        snapshots: [
          { id: 1, lists: ['m1', 'm2'] },
          { id: 2, lists: ['m3'] },
        ],
      },
      ['add c'],
    ],
    [
      'everything deleted',
      {
        manifests: { m1: files('a', 'b') },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: [], operation: 'delete' },
        ],
      },
      ['remove a', 'remove b'],
    ],
    [
      'compaction, which changes no row',
      {
        manifests: { m1: files('a', 'b'), m2: files('ab') },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m2'], operation: 'replace' },
        ],
      },
      [],
    ],
    [
      'a table that was replaced, and so has no parent',
      {
        manifests: { m1: files('a'), m2: files('z') },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m2'], parent: null },
        ],
      },
      ['add z', 'remove a'],
    ],
    [
      'a path that is listed twice now',
      {
        manifests: { m1: files('a'), m2: files('a') },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m1', 'm2'] },
        ],
      },
      ['add a'],
    ],
    [
      'a vector that was added',
      {
        formatVersion: 3,
        manifests: { m1: files('a', 'b'), d: vectors(vector('a', 'v', 2)) },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m1', 'd'], operation: 'delete' },
        ],
      },
      ['remove a', 'add a-v'],
    ],
    [
      'a vector that was replaced, in a manifest that was rewritten',
      {
        formatVersion: 3,
        manifests: {
          m1: files('a', 'b'),
          d: vectors(vector('a', 'v', 2), vector('b', 'w', 2)),
          e: vectors(vector('b', 'w', 2), vector('a', 'x', 3)),
        },
        snapshots: [
          { id: 1, lists: ['m1', 'd'], sequence: 1 },
          { id: 2, lists: ['m1', 'e'], operation: 'delete' },
        ],
      },
      ['remove a-v', 'add a-x'],
    ],
    [
      'a vector of a file that another manifest lists now',
      {
        formatVersion: 3,
        manifests: {
          m1: files('a', 'b', 'c'),
          m2: files('c', 'b', 'a'),
          d: vectors(vector('b', 'v', 2)),
        },
        snapshots: [
          { id: 1, lists: ['m1'] },
          { id: 2, lists: ['m2', 'd'], operation: 'overwrite' },
        ],
      },
      ['remove b', 'add b-v'],
    ],
  ])('tell %s', async (_what, table, expected) => {
    expect(await texts(table, 2n, 2n)).toEqual([[2n, expected]])
  })

  it('skip sequence numbers that another branch has', async () => {
    const table: HistoryTable = {
      ...appends,
      snapshots: appends.snapshots.map((each, i) => ({ ...each, sequence: [1, 2, 4][i]! })),
    }
    expect(await texts(table, 2n, 4n)).toEqual([
      [2n, ['add b']],
      [4n, ['add c']],
    ])
  })

  it('of version 1, which has no sequence numbers, count positions in the log', async () => {
    const table = { ...appends, formatVersion: 1 as const, log: [11, 12, 11, 13] }
    expect(await texts(table, 1n, 4n)).toEqual([
      [1n, ['add a']],
      [2n, ['add b']],
      [3n, ['remove b']],
      [4n, ['add b', 'add c']],
    ])
  })
})

describe('changes are refused', () => {
  const expired: HistorySnapshot[] = [
    { id: 12, parent: 11, sequence: 2, lists: ['m1', 'm2'] },
    { id: 13, sequence: 3, lists: ['m1', 'm2', 'm3'] },
  ]

  it.each<[string, HistoryTable, bigint, RegExp]>([
    ['after the latest version', appends, 4n, /version 4 is after the latest version/],
    [
      'where the snapshot before has expired',
      { ...appends, snapshots: expired },
      2n,
      /snapshots before version 2 have expired; read that version, and its changes from 3 on/,
    ],
    [
      'where the log names snapshots that have expired',
      { ...appends, snapshots: expired, log: [11, 12, 13] },
      1n,
      /snapshots before version 2 have expired/,
    ],
    [
      'across a rollback',
      { ...appends, log: [11, 12, 11] },
      2n,
      /the table was rolled back to version 1; read it anew/,
    ],
    [
      'from where a rollback left two states of one number',
      { ...appends, log: [11, 12, 11, 13] },
      3n,
      /the table was rolled back to version 1/,
    ],
  ])('%s', async (_what, table, start, message) => {
    await expect(changesOf(table, start, 9n)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message,
    })
  })

  it('where the range is empty', async () => {
    await expect(changesOf(appends, 3n, 2n)).rejects.toThrow(/a range from 3 to 2 is empty/)
  })

  it('not from the first state that is left on', async () => {
    expect(await texts({ ...appends, snapshots: expired }, 3n, 3n)).toEqual([[3n, ['add c']]])
  })
})

const seed = Number(process.env.SPILLWAY_SOUNDNESS_SEED ?? Date.now() % 2 ** 31)

describe('random histories', () => {
  it(`turn each state into the next (SPILLWAY_SOUNDNESS_SEED=${seed})`, async () => {
    const random = new Random(seed)
    for (let round = 0; round < 60; round++) {
      const table = randomHistory(random)
      const store = await historyTable(table)
      const reader = icebergReader({ store, cache: keepingCache() })
      const state = new Map<string, number>()
      for (const { version, changes } of await changesOf(store, 1n, 99n)) {
        for (const { action, file: one } of changes) {
          const text = spelled(one)
          state.set(text, (state.get(text) ?? 0) + (action === 'add' ? 1 : -1))
        }
        const at = { kind: 'version', version } as const
        const live = await filesOf(await reader.snapshot({ location: LOCATION }, { at }))
        const found = [...state].flatMap(([text, count]) => Array(count).fill(text)).sort()
        expect(found, `round ${round}, version ${version}`).toEqual(live.map(spelled).sort())
      }
    }
  })
})

/** States that share some manifests and rewrite others, with files, vectors and positions that come and go. */
function randomHistory(random: Random): HistoryTable {
  const manifests: Record<string, HistoryTable['manifests'][string]> = {}
  const data = Array.from({ length: 6 }, (_, i) => {
    const names = Array.from({ length: random.integer(1, 4) }, () => `f${random.integer(0, 9)}`)
    manifests[`m${i}`] = files(...names)
    return `m${i}`
  })
  const deletes = Array.from({ length: 4 }, (_, i) => {
    // No two vectors of one file: each manifest has files of its own.
    const target = `f${2 * i + random.integer(0, 1)}`
    manifests[`d${i}`] = vectors(
      vector(target, `v${i}`, random.integer(0, 4)),
      ...(random.chance(0.5) ? [positions(`p${i}`)] : []),
    )
    return `d${i}`
  })
  const some = (names: readonly string[]) => names.filter(() => random.chance(0.5))
  const snapshots = Array.from({ length: random.integer(2, 5) }, (_, i) => ({
    id: 100 + i,
    operation: 'overwrite',
    lists: [...some(data), ...some(deletes)],
  }))
  return { formatVersion: 3, manifests, snapshots }
}

function positions(name: string): ManifestEntry {
  const path = `${LOCATION}/data/${name}`
  return { content: 1, path, partition: [1], recordCount: 2, size: 50, sequenceNumber: 2 }
}
