import {
  createSchema,
  eq,
  gtEq,
  lt,
  type Predicate,
  readString,
  type Snapshot,
  type StatsTable,
  TableError,
} from '@spillway/core'
import {
  explainScan,
  explanationLines,
  type PageMark,
  planScan,
  type ScanOptions,
} from '@spillway/planner'
import { describe, expect, it } from 'vitest'
import { type MemoryBatch, memorySnapshot } from './support/memory-snapshot.js'
import { field } from './support/one-column.js'

const schema = createSchema([field(1, 'id', 'int'), field(2, 'day', 'int')])

/** Files of ten rows whose ids are [first, last] and whose day, known without reading more, is `day`. */
function batch(
  name: string,
  files: readonly (readonly [first: number, last: number, day: number])[],
  more: Partial<MemoryBatch> = {},
): MemoryBatch {
  const column = (pick: (file: readonly [number, number, number]) => number) => ({
    kind: 'int32' as const,
    values: Int32Array.from(files, pick),
  })
  const holds = new Uint8Array(files.length).fill(1)
  const day = { holds, lower: column(file => file[2]), upper: column(file => file[2]) }
  const id = { holds, lower: column(file => file[0]), upper: column(file => file[1]) }
  const recordCount = new Float64Array(files.length).fill(10)
  const atHand: StatsTable = { length: files.length, recordCount, columns: new Map([[2, [day]]]) }
  const read: StatsTable = {
    ...atHand,
    columns: new Map([
      [1, [id]],
      [2, [day]],
    ]),
  }
  return { paths: files.map((_, index) => `${name}${index}`), atHand, read, ...more }
}

const BATCHES = [
  batch('a', [
    [0, 9, 1],
    [10, 19, 1],
    [20, 29, 2],
  ]),
  batch('b', [
    [30, 39, 2],
    [40, 49, 3],
  ]),
  batch('c', [[50, 59, 3]]),
]

async function planned(batches: readonly MemoryBatch[], options: ScanOptions) {
  const plan = planScan(memorySnapshot(schema, batches), options)
  const paths: string[] = []
  for await (const { files, selection } of plan) {
    for (const row of selection) paths.push(readString(files.batch.path, row))
  }
  return { paths, metrics: plan.metrics, nextPage: plan.nextPage, unapplied: plan.unapplied }
}

describe('planScan', () => {
  it('gives every file where nothing is asked', async () => {
    const { paths } = await planned(BATCHES, {})
    expect(paths).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'c0'])
  })

  it('says which statistics dropped how many files', async () => {
    const predicate: Predicate = { kind: 'and', operands: [eq('day', 2), lt('id', 30)] }
    const { paths, metrics } = await planned(BATCHES, { predicate })
    expect(paths).toEqual(['a2'])
    expect(metrics).toEqual({
      batchesTotal: 3,
      batchesPruned: 0,
      filesTotal: 6,
      filesKept: 1,
      filesPruned: { partition: 4, stats: 1, limit: 0 },
    })
  })

  it('never loads a batch whose summary proves it empty', async () => {
    const loaded: string[] = []
    const summary: StatsTable = {
      length: 2,
      recordCount: Float64Array.of(Number.NaN, Number.NaN),
      columns: new Map([[2, [{ upper: { kind: 'int32', values: Int32Array.of(2, 3) } }]]]),
    }
    const batches = [
      batch(
        'a',
        [
          [0, 9, 1],
          [10, 19, 2],
        ],
        { onLoad: () => void loaded.push('a') },
      ),
      batch('b', [[20, 29, 3]], { onLoad: () => void loaded.push('b') }),
    ]
    const snapshot = memorySnapshot(schema, batches)
    const plan = planScan(
      { ...snapshot, files: { ...snapshot.files, summaries: summary } },
      { predicate: gtEq('day', 3) },
    )
    for await (const { selection } of plan) expect(selection.length).toBe(1)
    expect(loaded).toEqual(['b'])
    expect(plan.metrics).toMatchObject({
      batchesPruned: 1,
      filesTotal: 3,
      filesPruned: { partition: 2 },
    })
  })

  it('lets others go on while very many batches are looked through', async () => {
    const count = 200_000
    const [handle] = memorySnapshot(schema, [batch('a', [[0, 9, 1]])]).files.handles
    const snapshot = memorySnapshot(schema, [])
    const days = Int32Array.from({ length: count }, (_, i) => (i % 50_000 === 7 ? 1 : 0))
    const summaries: StatsTable = {
      length: count,
      recordCount: new Float64Array(count).fill(Number.NaN),
      columns: new Map([[2, [{ upper: { kind: 'int32', values: days } }]]]),
    }
    const files = {
      handles: Array.from({ length: count }, () => ({ ...handle!, fileCount: 2 })),
      summaries,
    }
    let turns = 0
    const turn = async () => void turns++
    const plan = planScan({ ...snapshot, files }, { predicate: gtEq('day', 1), turn })
    let kept = 0
    let before = 0
    for await (const { selection } of plan) {
      if (kept === 0) before = turns
      kept += selection.length
    }
    expect(kept).toBe(4)
    expect(plan.metrics).toMatchObject({
      batchesPruned: count - 4,
      filesTotal: 2 * (count - 4) + 4,
      filesPruned: { partition: 2 * (count - 4) },
    })
    expect(before).toBeGreaterThan(5)
  })

  it('lets others go on while very many batches are at hand', async () => {
    const count = 100_000
    const { handles } = memorySnapshot(schema, [batch('a', [[0, 9, 1]])]).files
    const loaded = await handles[0]!.load()
    const files = {
      handles: Array.from({ length: count }, () => ({ ...handles[0]!, load: async () => loaded })),
      summaries: { length: count, recordCount: new Float64Array(count), columns: new Map() },
    }
    let turns = 0
    const turn = async () => void turns++
    const plan = planScan({ ...memorySnapshot(schema, []), files }, { turn })
    for await (const _ of plan) {
      // Whoever takes them waits for nothing either.
    }
    expect(plan.metrics.filesKept).toBe(count)
    expect(turns).toBeGreaterThan(3)
  })

  it('asks an index about the batches that their summaries leave, and explains by it', async () => {
    const loaded: string[] = []
    const batches = ['a', 'b', 'c'].map(name =>
      batch(name, [[0, 9, 1]], { onLoad: () => void loaded.push(name) }),
    )
    const unknown = { length: 3, recordCount: new Float64Array(3).fill(Number.NaN) }
    const upper = (...values: readonly number[]) => ({
      upper: { kind: 'int32' as const, values: Int32Array.from(values) },
    })
    const asked: (readonly [readonly number[], readonly number[]])[] = []
    const plain = memorySnapshot(schema, batches)
    const snapshot: Snapshot = {
      ...plain,
      files: {
        handles: plain.files.handles,
        summaries: { ...unknown, columns: new Map([[2, [upper(0, 5, 5)]]]) },
        async readSummaries(fields, rows) {
          asked.push([fields.map(([field]) => field.id), [...rows]])
          return { ...unknown, columns: new Map([[1, [upper(9, 3, 9)]]]) }
        },
      },
    }
    const predicate: Predicate = { kind: 'and', operands: [gtEq('day', 1), gtEq('id', 4)] }
    const plan = planScan(snapshot, { predicate })
    for await (const { selection } of plan) expect(selection.length).toBe(1)
    expect(asked).toEqual([
      [
        [2, 1],
        [1, 2],
      ],
    ])
    expect(loaded).toEqual(['c'])
    expect(plan.metrics).toMatchObject({ batchesPruned: 2, filesPruned: { partition: 2 } })
    const explained: string[] = []
    for await (const { by, explanation } of explainScan(snapshot, { predicate })) {
      explained.push(
        `${by}: ${explanation.operands.map(({ statistics }) => statistics).join(' / ')}`,
      )
    }
    expect(explained).toEqual([
      'summary: values from unknown to 0 / no statistics',
      'summary: no statistics / values from unknown to 3',
      'stats: values from 1 to 1, no nulls / values from 0 to 9, no nulls',
    ])
  })

  it('reads statistics of the predicate’s columns for the rows left, and not at all without need', async () => {
    const asked: (readonly [readonly number[], readonly number[]])[] = []
    const snapshot = memorySnapshot(schema, BATCHES.slice(0, 1))
    const [handle] = snapshot.files.handles
    const spied = {
      ...snapshot,
      files: {
        ...snapshot.files,
        handles: [
          {
            async load() {
              const files = await handle!.load()
              const readStats: typeof files.batch.readStats = async (fields, rows) => {
                asked.push([fields.map(path => path[0].id), [...rows]])
                return files.batch.readStats(fields, rows)
              }
              return { ...files, batch: { ...files.batch, readStats } }
            },
          },
        ],
      },
    }
    const predicate: Predicate = { kind: 'and', operands: [eq('day', 1), lt('id', 5)] }
    for (const each of [predicate, eq('day', 9), undefined]) {
      const plan = planScan(spied, each === undefined ? {} : { predicate: each })
      for await (const { selection } of plan) expect(selection.length).toBeGreaterThan(0)
    }
    expect(asked).toEqual([
      [
        [2, 1],
        [0, 1],
      ],
    ])
  })

  it('leaves out files without rows once something is asked of the rows', async () => {
    const empty = batch('a', [[0, 9, 1]])
    const atHand = { ...empty.atHand!, recordCount: Float64Array.of(0) }
    expect((await planned([{ ...empty, atHand }], { predicate: eq('day', 1) })).paths).toEqual([])
    expect((await planned([{ ...empty, atHand }], {})).paths).toEqual(['a0'])
    expect((await planned([{ ...empty, atHand }], { omitEmpty: true })).paths).toEqual([])
  })

  it('loads at most so many batches at a time, in order', async () => {
    let underWay = 0
    let most = 0
    const batches = Array.from({ length: 12 }, (_, index) =>
      batch(`f${index}-`, [[0, 9, 1]], {
        async onLoad() {
          most = Math.max(most, ++underWay)
          await new Promise(resolve => setTimeout(resolve, index % 3 === 0 ? 6 : 1))
          underWay--
        },
      }),
    )
    const { paths } = await planned(batches, { concurrency: 3 })
    expect(paths).toEqual(batches.map(({ paths: [path] }) => path))
    expect(most).toBe(3)
  })

  it('aborts what is loading when the consumer leaves', async () => {
    const aborted: number[] = []
    const batches = Array.from({ length: 6 }, (_, index) =>
      batch(`f${index}-`, [[0, 9, 1]], {
        async onLoad(signal) {
          if (index === 0) return
          await new Promise<void>((_, reject) => {
            signal?.addEventListener('abort', () => {
              aborted.push(index)
              reject(new TableError('CANCELLED', 'the request was cancelled'))
            })
          })
        },
      }),
    )
    for await (const { selection } of planScan(memorySnapshot(schema, batches), {
      concurrency: 3,
    })) {
      expect(selection.length).toBe(1)
      break
    }
    expect(aborted).toEqual([1, 2, 3])
  })

  it('fails with the failure of the first batch that fails', async () => {
    const failing = batch('x', [[0, 9, 1]], {
      onLoad: () => Promise.reject(new TableError('TABLE_CORRUPT', 'bad manifest')),
    })
    await expect(planned([BATCHES[0]!, failing, failing], {})).rejects.toThrow('bad manifest')
  })

  it('stops when it is cancelled', async () => {
    const controller = new AbortController()
    const batches = BATCHES.map((each, index) =>
      index === 1 ? { ...each, onLoad: () => controller.abort() } : each,
    )
    const run = planned(batches, { signal: controller.signal, concurrency: 1 })
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it.each<ScanOptions>([
    { limit: -1 },
    { limit: Number.NaN },
    { page: { maxFiles: 0 } },
    { page: { maxFiles: 1.5 } },
  ])('refuses %j', options => {
    const snapshot = memorySnapshot(schema, BATCHES)
    expect(() => planScan(snapshot, options)).toThrow(TableError)
  })
})

describe('what is asked, where files are left out by more than that', () => {
  const everything: Predicate = { kind: 'alwaysTrue' }
  const files = batch('a', [
    [0, 9, 1],
    [10, 19, 1],
    [20, 29, 2],
  ])
  const counting = (rows: number): MemoryBatch => ({
    ...files,
    atHand: { ...files.atHand!, recordCount: new Float64Array(3).fill(rows) },
  })
  // As in an index that is read only for what is asked: until then nobody knows how many rows there are.
  const uncounted = counting(Number.NaN)
  const empty = counting(0)

  it.each<readonly [string, MemoryBatch, ScanOptions, readonly string[]]>([
    ['counts no rows by more', uncounted, { limit: 10, asked: everything }, ['a0', 'a1']],
    ['counts rows by itself', uncounted, { limit: 10 }, ['a0']],
    ['leaves no file out for being empty', empty, { asked: everything }, ['a0', 'a1']],
    ['leaves empty files out by itself', empty, {}, []],
  ])('%s', async (_, one, options, paths) => {
    const predicate = eq('day', 1)
    expect((await planned([one], { predicate, ...options })).paths).toEqual(paths)
  })
})

describe('limit', () => {
  it.each<readonly [string, readonly MemoryBatch[], ScanOptions, readonly string[]]>([
    ['stops once whole files hold enough', BATCHES, { limit: 15 }, ['a0', 'a1']],
    ['takes exactly enough', BATCHES, { limit: 20 }, ['a0', 'a1']],
    ['goes on over batches', BATCHES, { limit: 31 }, ['a0', 'a1', 'a2', 'b0']],
    ['gives nothing for 0', BATCHES, { limit: 0 }, []],
    [
      'counts only files that match whole',
      BATCHES,
      { limit: 10, predicate: gtEq('id', 5) },
      ['a0', 'a1'],
    ],
    [
      'counts nothing of what may not match',
      BATCHES,
      { limit: 10, predicate: eq('id', 5) },
      ['a0'],
    ],
    [
      'counts nothing beside unknown parts',
      BATCHES,
      { limit: 1, predicate: { kind: 'unknown', reason: '?' } },
      ['a0', 'a1', 'a2', 'b0', 'b1', 'c0'],
    ],
    [
      'subtracts deleted rows',
      [{ ...BATCHES[0]!, deleted: [4, 0, 0] }],
      { limit: 10 },
      ['a0', 'a1'],
    ],
    [
      'counts nothing where deletes are not known',
      [{ ...BATCHES[0]!, deleted: [Number.NaN, 10, 0] }],
      { limit: 1 },
      ['a0', 'a1', 'a2'],
    ],
  ])('%s', async (_, batches, options, expected) => {
    expect((await planned(batches, options)).paths).toEqual(expected)
  })

  it('counts what it left out, batches that were never loaded included', async () => {
    const { metrics } = await planned(BATCHES, { limit: 15, concurrency: 1 })
    expect(metrics.filesPruned).toEqual({ partition: 0, stats: 0, limit: 4 })
    expect(metrics.filesTotal).toBe(6)
  })
})

describe('pages', () => {
  const keyed = [
    batch(
      'a',
      [
        [0, 9, 1],
        [10, 19, 1],
        [20, 29, 2],
      ],
      { keys: [50n, 10n, 2n ** 64n - 1n] },
    ),
    batch(
      'b',
      [
        [30, 39, 2],
        [40, 49, 3],
      ],
      { keys: [30n, 10n] },
    ),
    batch('c', [[50, 59, 3]], { keys: [20n] }),
  ]

  async function walk(batches: readonly MemoryBatch[], maxFiles: number, predicate?: Predicate) {
    const pages: (readonly string[])[] = []
    let after: PageMark | undefined
    do {
      const page = after === undefined ? { maxFiles } : { maxFiles, after }
      const { paths, nextPage } = await planned(batches, predicate ? { page, predicate } : { page })
      pages.push(paths)
      after = nextPage
    } while (after !== undefined)
    return pages
  }

  it('follow the keys, ties the paths', async () => {
    expect(await walk(keyed, 2)).toEqual([
      ['a1', 'b1'],
      ['c0', 'b0'],
      ['a0', 'a2'],
    ])
  })

  it('are the same however the files lie in batches', async () => {
    const shuffled = [keyed[2]!, keyed[0]!, keyed[1]!]
    const sorted = (pages: readonly (readonly string[])[]) => pages.map(page => page.toSorted())
    expect(sorted(await walk(shuffled, 2))).toEqual(sorted(await walk(keyed, 2)))
  })

  it.each([1, 2, 3, 4, 5, 6, 7])('of %i hold every survivor once', async maxFiles => {
    const pages = await walk(keyed, maxFiles, gtEq('id', 12))
    expect(pages.flat().toSorted()).toEqual(['a1', 'a2', 'b0', 'b1', 'c0'])
    expect(pages.every(page => page.length <= maxFiles)).toBe(true)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of %i hold every listing of a file that is listed more than once',
    async maxFiles => {
      const file = [0, 9, 1] as const
      const paths = ['x', 'x', 'x']
      const thrice = batch('', [file, file, file], { keys: [20n, 20n, 20n], paths })
      const batches = [...keyed, thrice, thrice]
      const pages = await walk(batches, maxFiles)
      expect(pages.flat().toSorted()).toEqual(
        ['a0', 'a1', 'a2', 'b0', 'b1', 'c0', ...Array(6).fill('x')].toSorted(),
      )
      expect(pages.every(page => page.length <= maxFiles)).toBe(true)
    },
  )

  it('end with the last file', async () => {
    expect(await walk(keyed, 6)).toHaveLength(1)
  })
})

describe('explainScan', () => {
  it('keeps exactly what the plan keeps', async () => {
    const [first, ...rest] = BATCHES
    const atHand = { ...first!.atHand!, recordCount: Float64Array.of(10, 0, 10) }
    const batches = [
      { ...first!, atHand, read: { ...first!.read!, recordCount: atHand.recordCount } },
      ...rest,
    ]
    for (const predicate of [lt('id', 45), eq('day', 1), eq('nowhere', 1)]) {
      const explained: string[] = []
      for await (const { kept, path } of explainScan(memorySnapshot(schema, batches), {
        predicate,
      })) {
        if (kept) explained.push(path!)
      }
      expect(explained).toEqual((await planned(batches, { predicate })).paths)
    }
  })

  it('says why each file was kept or pruned', async () => {
    const predicate: Predicate = { kind: 'and', operands: [eq('day', 2), lt('id', 25)] }
    const lines: string[] = []
    for await (const file of explainScan(memorySnapshot(schema, BATCHES), { predicate })) {
      lines.push(`${file.path} ${file.kept} by ${file.by}`, ...explanationLines(file.explanation))
    }
    expect(lines.slice(0, 4)).toEqual([
      'a0 false by partition',
      'day = 2 AND id < 25: cannot match',
      '  day = 2: cannot match (values from 1 to 1, no nulls)',
      '  id < 25: may match (no statistics)',
    ])
    expect(lines.slice(8, 16)).toEqual([
      'a2 true by stats',
      'day = 2 AND id < 25: may match',
      '  day = 2: may match (values from 2 to 2, no nulls)',
      '  id < 25: may match (values from 20 to 29, no nulls)',
      'b0 false by stats',
      'day = 2 AND id < 25: cannot match',
      '  day = 2: may match (values from 2 to 2, no nulls)',
      '  id < 25: cannot match (values from 30 to 39, no nulls)',
    ])
  })
})
