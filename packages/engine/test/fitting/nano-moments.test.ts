import {
  type ColumnLookup,
  createSchema,
  type DataFile,
  type Field,
  type MisreadTime,
  type ShapeNode,
  type Snapshot,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const T = field(1, 't', 'timestamp_ns')
const WHOLE = 1_704_067_200_000_001_000n
const CUT = 1_704_067_200_000_000_001n

/** How a recipient that goes by name finds columns; `reads`: annotations it reads as they are. */
const lookupOf = (...reads: readonly string[]): ColumnLookup => ({
  by: 'name',
  fallbacks: ['each'],
  showsExtras: false,
  changesMaps: true,
  annotations: new Set(reads),
  fromPartitions: new Set(),
  prefersOwn: false,
})

interface Asked {
  readonly fields?: readonly Field[]
  readonly misreads?: readonly MisreadTime[]
  readonly reads?: readonly string[]
  readonly staged?: boolean
  readonly resolves?: boolean
  readonly more?: Partial<Snapshot>
}

/** Files by name, with the moments that the leaf at element 1 of each holds. */
type Files = Readonly<Record<string, readonly bigint[]>>

function engineOf(files: Files, { staged = true, resolves = true, fields = [T] }: Asked) {
  const read: string[] = []
  const leaf: ShapeNode = {
    name: 't',
    element: 1,
    kind: 'leaf',
    type: 'timestamp_ns',
    annotation: 'timestamp_nanos',
    children: [],
  }
  const top = fields[0]!
  const node = (type: Field['type']): ShapeNode => {
    if (typeof type === 'string' || type.kind !== 'list') return leaf
    return { name: 't', kind: 'list', children: [node(type.element.type)] }
  }
  const options: EngineOptions = {
    readers: [scriptedReader({ files: [], format: 'parquet' })],
    signers: [scriptedSigner()],
    stagingLocations: ['file:///staging'],
    fileShapes: {
      of: async asked => asked.map(() => ({ columns: [node(top.type)], hasFieldIds: false })),
    },
    rowResolver: {
      toDeletionVector: () => Promise.reject(new Error('no deletes')),
      splitSlice: async () => undefined,
      splitByValue: async (_, each) => [each],
      ...(resolves && {
        cutNanos: async (_, { recordedPath }, elements) => {
          read.push(recordedPath)
          const cut = files[recordedPath]!.find(value => value % 1000n !== 0n)
          return new Map(cut === undefined ? [] : elements.map(element => [element, cut]))
        },
      }),
      ...(staged && {
        toCompleteFile: async (_, each) => ({
          ...each,
          path: `file:///staging/${each.recordedPath}`,
        }),
      }),
    },
  }
  return { options, read }
}

async function sent(files: Files, asked: Asked = {}, own: Partial<DataFile> = {}) {
  const { fields = [T], misreads = ['nanos'], reads = ['timestamp_nanos'], more = {} } = asked
  const { options, read } = engineOf(files, asked)
  const table = { files: Object.keys(files).map(name => dataFile(name, own)), format: 'parquet' }
  const snapshot: Snapshot = {
    ...snapshotOf({ location: LOCATION }, { ...table, format: 'parquet' }),
    schema: createSchema(fields),
    shapesFrom: 'footers',
    ...more,
  }
  const accepts = {
    features: new Set<string>(),
    inlineVectorBytes: 0,
    misreads: new Set(misreads),
    lookup: () => lookupOf(...reads),
  }
  const names: string[] = []
  for await (const batch of createEngine(options).signedFiles(snapshot, { accepts })) {
    for (const { file } of batch) {
      names.push(file.path.replace(`${LOCATION}/`, '').replace('file:///', ''))
    }
  }
  return { names, read: [...new Set(read)] }
}

describe('moments in nanoseconds', () => {
  it('go out as they are to who reads them in microseconds, where they are whole', async () => {
    const files = { a: [WHOLE, -1000n], b: [] }
    expect(await sent(files, { staged: false })).toEqual({ names: ['a', 'b'], read: ['a', 'b'] })
  })

  it('are rewritten for who does not read them', async () => {
    expect((await sent({ a: [WHOLE] }, { reads: [] })).names).toEqual(['staging/a'])
    await expect(sent({ a: [WHOLE] }, { reads: [], staged: false })).rejects.toMatchObject({
      message: expect.stringContaining('have the provider configure staging'),
    })
  })

  it.each([
    ['as it is', ['timestamp_nanos'], false],
    ['as it is, beside staging', ['timestamp_nanos'], true],
    ['rewritten', [], true],
  ])('are refused before the first file where one is not whole: %s', async (_, reads, staged) => {
    const files = { a: [WHOLE], b: [WHOLE, CUT], c: [-1n] }
    await expect(sent(files, { reads, staged })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(
        /^2 files of the table cannot be sent as they are: column t is 2024-01-01T00:00:00\.000000001 in it, and answers can say whole microseconds alone; what works is .*coerce_timestamps='us'/,
      ),
    })
  })

  it('are seen whole by who misreads none, and not read for it', async () => {
    expect(await sent({ a: [CUT] }, { misreads: [] })).toEqual({ names: ['a'], read: [] })
    await expect(sent({ a: [CUT] }, { misreads: [], reads: [] })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('are refused where nothing can tell', async () => {
    await expect(sent({ a: [WHOLE] }, { resolves: false })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('nothing here can read whether they are whole'),
    })
  })

  it('are looked for below lists, and by the types that older files have', async () => {
    const element = field(2, 'element', 'timestamp_ns')
    const listed = [field(1, 't', { kind: 'list', element })]
    await expect(sent({ a: [CUT] }, { fields: listed })).rejects.toMatchObject({
      message: expect.stringContaining('column t.element is 2024'),
    })
    const merged = [{ ...field(1, 't', 'timestamp'), earlierTypes: ['timestamp_ns'] as const }]
    await expect(sent({ a: [CUT] }, { fields: merged })).rejects.toMatchObject({
      message: expect.stringContaining('column t is 2024'),
    })
    expect((await sent({ a: [WHOLE] }, { fields: merged })).names).toEqual(['a'])
  })

  it('are refused where a partition value is not whole, which no text of an answer says', async () => {
    const transform = { kind: 'identity' } as const
    const spec = { id: 0, fields: [{ id: 1000, sourceIds: [1], name: 't', transform }] }
    const more = { partitionSpecs: new Map([[0, spec]]) }
    const ask = (value: bigint | null) => sent({ a: [WHOLE] }, { more }, { partition: [value] })
    expect((await ask(WHOLE)).names).toEqual(['a'])
    expect((await ask(null)).names).toEqual(['a'])
    await expect(ask(CUT)).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  })

  it('are refused where a default of older files is not whole', async () => {
    const late = { ...field(2, 'late', 'timestamp_ns'), initialDefault: CUT }
    await expect(sent({ a: [WHOLE] }, { fields: [T, late] })).rejects.toMatchObject({
      message: expect.stringContaining('column late is 2024'),
    })
  })

  it('are refused in logs, whose values nobody looks at', async () => {
    const logFiles = [{ path: `${LOCATION}/.a.log.1`, size: 10 }] as DataFile['logFiles']
    const more = { shapesFrom: 'metadata', mergedLogs: async function* () {} } as const
    await expect(sent({ a: [WHOLE] }, { more }, { logFiles })).rejects.toMatchObject({
      message: expect.stringContaining('log files'),
    })
  })

  it('are looked for by footers of tables whose metadata tells what files hold', async () => {
    const more = { shapesFrom: 'metadata' } as const
    expect(await sent({ a: [WHOLE] }, { more })).toEqual({ names: ['a'], read: ['a'] })
    await expect(sent({ a: [CUT] }, { more })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })
})

describe('files in nanoseconds of a table that has never had them', () => {
  const fields = [field(1, 't', 'timestamp')]

  it.each([WHOLE, CUT])('are not sent as they are, whatever they hold: %s', async moment => {
    expect((await sent({ a: [moment] }, { fields })).names).toEqual(['staging/a'])
    await expect(sent({ a: [moment] }, { fields, staged: false })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('t is timestamp_nanos in it, and timestamp in the table'),
    })
  })
})

describe('files that a Delta table in microseconds was made over', () => {
  const micros = [field(1, 't', 'timestamp')]
  const more = { shapesFrom: 'metadata', deltaActions: { protocol: '{}', metaData: '{}' } } as const

  it.each([true, false])(
    'are refused for such a moment, before the first file; staging: %s',
    async staged => {
      const asked = { fields: micros, more, staged }
      const imported = { imported: true } as const
      expect((await sent({ a: [WHOLE] }, asked, imported)).names).toEqual(['a'])
      await expect(sent({ a: [WHOLE], b: [CUT] }, asked, imported)).rejects.toMatchObject({
        message: expect.stringMatching(/^1 file of the table cannot be sent as it is: column t is/),
      })
    },
  )

  it('are looked at alone', async () => {
    expect(await sent({ a: [CUT] }, { fields: micros, more })).toEqual({ names: ['a'], read: [] })
  })
})
