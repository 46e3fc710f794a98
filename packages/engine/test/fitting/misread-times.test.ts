import {
  type Accepts,
  type ChangeSet,
  type ColumnLookup,
  createSchema,
  type DataFile,
  type Field,
  type FieldPath,
  type MisreadTime,
  type ShapeNode,
  type TableFormat,
  type Value,
} from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../../src/index.js'
import {
  dataFile,
  LOCATION,
  scriptedReader,
  scriptedSigner,
  snapshotOf,
  vector,
} from '../support/table.js'

const micros = (text: string) => BigInt(Date.parse(text)) * 1000n
const days = (text: string) => Date.parse(text) / 86_400_000
const NEAR = micros('2024-02-29T12:00:00Z')
const FAR = micros('9999-12-31T00:00:00Z')
const FIRST = micros('0001-01-01T00:00:00Z')

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const TS = field(1, 'ts', 'timestamptz')
const DAY = field(2, 'd', 'date')
const INNER = field(4, 'inner', 'timestamptz')
const ELEMENT = field(6, 'element', 'timestamptz')
const NESTED = field(3, 's', { kind: 'struct', fields: [INNER] })
const LISTED = field(5, 'l', { kind: 'list', element: ELEMENT })

/** A leaf of a file: what its footer says of it, and what it really holds. */
interface Held {
  readonly annotation?: string
  readonly values: readonly Value[]
}

interface FileOf {
  readonly name: string
  /** By field id. */
  readonly leaves: ReadonlyMap<number, Held>
  /** Of which the metadata has bounds. */
  readonly bounded?: readonly number[]
  readonly more?: Partial<DataFile>
}

const PANDAS: readonly MisreadTime[] = ['int96', 'nested_int96', 'old_calendar']

interface Asked {
  readonly fields?: readonly Field[]
  readonly misreads?: readonly MisreadTime[]
  readonly staged?: boolean
  readonly resolves?: boolean
  readonly format?: TableFormat
  readonly features?: readonly string[]
  readonly lookup?: ColumnLookup
  /** Filled with the columns of files that are written. */
  readonly named?: string[]
}

function file(name: string, leaves: Readonly<Record<number, Held>>, rest: Partial<FileOf> = {}) {
  return {
    name,
    leaves: new Map(Object.entries(leaves).map(([id, held]) => [Number(id), held])),
    ...rest,
  }
}

function asDataFile({ name, leaves, bounded = [], more }: FileOf): DataFile {
  const bounds = bounded.map(id => {
    const { values } = leaves.get(id)!
    const sorted = [...values].sort((a, b) => (a < b ? -1 : 1))
    return [id, { lower: sorted[0]!, upper: sorted.at(-1)!, nullCount: 0 }] as const
  })
  return dataFile(name, { bounds: new Map(bounds), ...more })
}

/** An engine over these files, and whose footers and values it reads. */
function engineOf(
  files: readonly FileOf[],
  { fields = [TS], staged = false, resolves = true, format = 'delta', named = [] }: Asked,
) {
  const footers: string[] = []
  const values: string[] = []
  const byName = new Map(files.map(each => [each.name, each]))
  const of = (path: string) => byName.get(path.slice(LOCATION.length + 1))!
  const node = ({ id, physicalName, type }: Field, leaves: FileOf['leaves']): ShapeNode => {
    const children =
      typeof type === 'object' && type.kind === 'struct'
        ? type.fields.map(each => node(each, leaves))
        : typeof type === 'object' && type.kind === 'list'
          ? [node(type.element, leaves)]
          : []
    const kind =
      typeof type === 'object' && (type.kind === 'struct' || type.kind === 'list')
        ? type.kind
        : 'leaf'
    const annotation = leaves.get(id)?.annotation
    const found = { name: physicalName, kind, type, children }
    return { ...found, ...(annotation && { annotation }) } as ShapeNode
  }
  const rangeOf = (path: FieldPath, { leaves }: FileOf) => {
    const sorted = [...leaves.get(path.at(-1)!.id)!.values].sort((a, b) => (a < b ? -1 : 1))
    return { least: sorted[0] ?? null, greatest: sorted.at(-1) ?? null }
  }
  const options: EngineOptions = {
    readers: [scriptedReader({ files: [], format })],
    signers: [scriptedSigner()],
    fileShapes: {
      async of(asked) {
        footers.push(...asked.map(({ path }) => of(path).name))
        return asked.map(({ path }) => ({
          columns: fields.map(each => node(each, of(path).leaves)),
          hasFieldIds: false,
        }))
      },
    },
    stagingLocations: ['file:///staging'],
    ...((staged || resolves) && {
      rowResolver: {
        toDeletionVector: () => Promise.reject(new Error('no deletes')),
        splitSlice: async () => undefined,
        splitByValue: async (_, each) => [each],
        ...(resolves && {
          valueRanges: async (_, { path }, columns) => {
            values.push(of(path).name)
            return columns.map(column => rangeOf(column, of(path)))
          },
        }),
        ...(staged && {
          toCompleteFile: async ({ schema }, each) => {
            named.push(...schema.fields.map(({ name }) => name))
            return { ...each, path: `file:///staging/${each.recordedPath}` }
          },
        }),
      },
    }),
  }
  return { options, footers, values }
}

/** What is sent, by place and name; and whose footers and values were read for it. */
async function sent(files: readonly FileOf[], asked: Asked = {}) {
  const { fields = [TS], misreads = PANDAS, format = 'delta', features = [], lookup } = asked
  const { options, footers, values } = engineOf(files, asked)
  const table = { files: files.map(asDataFile), format, features }
  const snapshot = {
    ...snapshotOf({ location: LOCATION }, table),
    schema: createSchema(fields),
    ...(lookup && { shapesFrom: 'footers' as const }),
  }
  const accepts: Accepts = {
    features: new Set(features),
    inlineVectorBytes: 0,
    misreads: new Set(misreads),
    ...(lookup && { lookup: () => lookup }),
  }
  const names: string[] = []
  for await (const batch of createEngine(options).signedFiles(snapshot, { accepts })) {
    names.push(
      ...batch.map(({ file: { path } }) =>
        path.replace(`${LOCATION}/`, '').replace('file:///', ''),
      ),
    )
  }
  return { names, footers: [...new Set(footers)], values: [...new Set(values)] }
}

const near = file('near', { 1: { annotation: 'int96', values: [NEAR] } }, { bounded: [1] })
const far = file('far', { 1: { annotation: 'int96', values: [NEAR, FAR] } }, { bounded: [1] })
const first = file('first', { 1: { annotation: 'int96', values: [FIRST] } }, { bounded: [1] })
const farInt64 = file('far64', { 1: { values: [FAR] } }, { bounded: [1] })
const untold = file('untold', { 1: { annotation: 'int96', values: [NEAR] } })
const untoldFar = file('untold-far', { 1: { annotation: 'int96', values: [FAR] } })

describe('INT96', () => {
  it('reads nothing of files whose bounds prove that they are near', async () => {
    expect(await sent([near])).toEqual({ names: ['near'], footers: [], values: [] })
  })

  it('reads the footers of the others, and values only of those that hold INT96', async () => {
    const files = [near, farInt64, far, untold]
    expect(await sent(files, { staged: true })).toEqual({
      names: ['near', 'far64', 'staging/far', 'untold'],
      footers: ['far64', 'far', 'untold'],
      values: ['far', 'untold'],
    })
  })

  it.each([
    ['after nanoseconds', far, '9999-12-31T00:00:00.000Z'],
    ['before them', first, '0001-01-01T00:00:00.000Z'],
    ['that no bounds tell', untoldFar, '9999-12-31T00:00:00.000Z'],
  ])('is refused %s before the first file without staging', async (_, each, text) => {
    await expect(sent([near, each])).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: `1 file of the table cannot be sent as it is: column ts is ${text} in it, as INT96, which this client reads rightly from 1677-09-22 to 2262-04-10 alone; have the provider configure staging, which rewrites such files`,
    })
  })

  it('is not proved by values where nobody reads them', async () => {
    await expect(sent([untold], { resolves: false })).rejects.toMatchObject({
      message: expect.stringContaining('column ts may be any day in it, as INT96'),
    })
    expect((await sent([untold], { resolves: false, staged: true })).names).toEqual([
      'staging/untold',
    ])
  })

  it('is sent as it is to who misreads none', async () => {
    const asked = { misreads: [] }
    expect(await sent([far, untoldFar], asked)).toEqual({
      names: ['far', 'untold-far'],
      footers: [],
      values: [],
    })
  })

  it('is rewritten under the names that a log maps, where the answer tells them', async () => {
    const named: string[] = []
    const fields = [{ ...TS, physicalName: 'col-ts' }]
    const asked = { fields, features: ['columnMapping'], staged: true, named }
    expect((await sent([near, untold, far], asked)).names).toEqual([
      'near',
      'untold',
      'staging/far',
    ])
    expect(named).toEqual(['col-ts'])
  })

  it('costs nothing where no column holds times', async () => {
    const id = field(1, 'ts', 'long')
    expect(await sent([far], { fields: [id] })).toMatchObject({ footers: [] })
  })
})

describe('INT96 below columns', () => {
  const held = (values: readonly Value[]) => ({ annotation: 'int96', values })
  const inStruct = file('in-struct', { 4: held([NEAR]) }, { bounded: [4] })
  const inList = file('in-list', { 6: held([NEAR]) })
  const plain = file('plain', { 4: { values: [FAR] }, 6: { values: [FAR] } })

  it('is rewritten for pandas, which makes numbers of it, far or near', async () => {
    const asked = { fields: [NESTED], staged: true }
    expect((await sent([inStruct, plain], asked)).names).toEqual(['staging/in-struct', 'plain'])
    await expect(sent([inStruct], { fields: [NESTED] })).rejects.toMatchObject({
      message: expect.stringContaining('column s.inner is INT96 in it'),
    })
  })

  it('is rewritten for delta-kernel in lists alone', async () => {
    const misreads = ['int96', 'element_int96', 'old_calendar'] as const
    const asked = { misreads, staged: true }
    expect(await sent([inStruct], { ...asked, fields: [NESTED] })).toEqual({
      names: ['in-struct'],
      footers: [],
      values: [],
    })
    expect((await sent([inList, plain], { ...asked, fields: [LISTED] })).names).toEqual([
      'staging/in-list',
      'plain',
    ])
  })

  it('is proved by values in lists for those who only wrap', async () => {
    const asked = { misreads: ['int96'] as const, fields: [LISTED] }
    expect(await sent([inList], asked)).toMatchObject({ names: ['in-list'], values: ['in-list'] })
    const farInList = file('far-in-list', { 6: held([FAR]) })
    await expect(sent([farInList], asked)).rejects.toMatchObject({
      message: expect.stringContaining('column l.element is 9999-12-31'),
    })
  })
})

describe('the old calendar', () => {
  const held = (annotation: string, values: readonly Value[]) => ({ annotation, values })
  const asked = { fields: [TS, DAY], misreads: ['old_calendar'] as const, staged: true }

  it('is rewritten where days differ in it', async () => {
    const files = [
      file(
        'recent',
        { 1: held('old_calendar', [NEAR]), 2: held('old_calendar', [days('2024-01-01')]) },
        { bounded: [1, 2] },
      ),
      file(
        'old-day',
        { 1: held('old_calendar', [NEAR]), 2: held('old_calendar', [days('1582-10-14')]) },
        { bounded: [1, 2] },
      ),
      file(
        'old-moment',
        { 1: held('old_calendar', [micros('1899-12-31T00:00:00Z')]), 2: held('old_calendar', [0]) },
        { bounded: [1, 2] },
      ),
      file(
        'new-calendar',
        { 1: { values: [FIRST] }, 2: { values: [days('1000-01-01')] } },
        { bounded: [1, 2] },
      ),
      file('untold', {
        1: held('old_int96', [FAR]),
        2: held('old_calendar', [days('1582-10-15')]),
      }),
      file('aged', { 1: held('aged_int96', [FIRST]), 2: { values: [0] } }, { bounded: [2] }),
    ]
    expect(await sent(files, asked)).toEqual({
      names: [
        'recent',
        'staging/old-day',
        'staging/old-moment',
        'new-calendar',
        'untold',
        'staging/aged',
      ],
      footers: ['old-day', 'old-moment', 'new-calendar', 'untold', 'aged'],
      values: ['old-day', 'old-moment', 'untold', 'aged'],
    })
  })

  it('says so where it is refused', async () => {
    const old = file('old', {
      1: { values: [NEAR] },
      2: held('old_calendar', [days('1000-01-01')]),
    })
    await expect(sent([old], { ...asked, staged: false })).rejects.toMatchObject({
      message: expect.stringContaining('column d is 1000-01-01 in it, in the calendar of Spark 2'),
    })
  })
})

describe('files that only footers describe', () => {
  const lookup: ColumnLookup = {
    by: 'name',
    fallbacks: ['never'],
    showsExtras: false,
    changesMaps: true,
    annotations: new Set(['int96', 'old_calendar', 'old_int96', 'aged_int96']),
    fromPartitions: new Set(),
    prefersOwn: false,
  }

  it('are held to the same', async () => {
    const asked = { lookup, format: 'iceberg' as const }
    expect((await sent([near, farInt64, far, untold], { ...asked, staged: true })).names).toEqual([
      'near',
      'far64',
      'staging/far',
      'untold',
    ])
    await expect(sent([near, untoldFar], asked)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('are not doubted in columns that the answer itself tells', async () => {
    const told = { ...lookup, fromPartitions: new Set([1]) }
    const constant = { constants: new Map([[1, FAR]]) }
    const asked = { lookup: told, format: 'iceberg' as const }
    expect((await sent([{ ...untoldFar, more: constant }], asked)).names).toEqual(['untold-far'])
  })
})

describe('changes', () => {
  async function changesOf(
    changes: readonly { action: ChangeSet['changes'][number]['action']; of: FileOf }[],
    asked: Asked = {},
  ) {
    const { options } = engineOf(
      changes.map(({ of }) => of),
      asked,
    )
    const {
      files: _,
      source: __,
      ...metadata
    } = snapshotOf({ location: LOCATION }, { files: [], features: asked.features ?? [] })
    const set: ChangeSet = {
      version: 1n,
      timestamp: 1,
      metadata: { ...metadata, schema: createSchema([TS]) },
      changes: changes.map(({ action, of }) => ({ action, file: asDataFile(of) })),
    }
    const reader = {
      ...scriptedReader({ files: [] }),
      async *changes() {
        yield set
      },
    }
    const engine = createEngine({ ...options, readers: [reader], clock: () => 1000 })
    const range = { startVersion: 1n, endVersion: 1n, kind: 'feed' } as const
    const accepts = {
      features: new Set(['deletionVectors']),
      inlineVectorBytes: 64,
      misreads: new Set(PANDAS),
    }
    const found: string[] = []
    const source = { location: LOCATION, format: 'delta' as const }
    for await (const part of await engine.changes(source, range, { accepts })) {
      for (const change of part.changes)
        found.push(`${change.action} ${change.file.path.replace(/^.*\/(?=[^/]+\/)/, '')}`)
    }
    return found
  }

  it('are sent as they were recorded where they are proved, and rewritten where not', async () => {
    const changes = [
      { action: 'remove', of: near },
      { action: 'add', of: far },
      { action: 'cdc', of: untold },
      { action: 'cdc', of: untoldFar },
    ] as const
    const named: string[] = []
    expect(await changesOf(changes, { staged: true, named })).toEqual([
      'remove orders/near',
      'add staging/far',
      'cdc orders/untold',
      'cdc staging/untold-far',
    ])
    expect(named).toEqual(expect.arrayContaining(['ts', 'ts', '_change_type']))
  })

  it('are refused without staging, and where they are deleted from', async () => {
    const refused = {
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('column ts is 9999-12-31'),
    }
    await expect(changesOf([{ action: 'add', of: far }])).rejects.toMatchObject(refused)
    const staged = { staged: true }
    await expect(changesOf([{ action: 'cdc', of: far }])).rejects.toMatchObject(refused)
    const deleted = { ...far, more: { deletes: [vector('v')] } }
    await expect(changesOf([{ action: 'add', of: deleted }], staged)).rejects.toMatchObject(refused)
  })
})

it('sends to a reader of nanoseconds no moment that they cannot say, and refuses or rewrites no other', async () => {
  const moment = fc
    .bigInt({ min: FIRST, max: FAR })
    .chain(any =>
      fc.constantFrom(any, NEAR, micros('1677-09-22T00:00:00Z'), micros('2262-04-11T00:00:00Z')),
    )
  const held = fc.record({
    annotation: fc.constantFrom(
      undefined,
      'int96',
      'timestamp_millis',
      'aged_int96',
      'old_int96',
      'old_calendar',
    ),
    values: fc.array(moment, { minLength: 1, maxLength: 4 }),
  })
  const generated = fc.array(fc.record({ held, isBounded: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  const isNear = (value: bigint) =>
    value >= micros('1677-09-22T00:00:00Z') && value < micros('2262-04-11T00:00:00Z')
  const isNew = (value: bigint) => value >= micros('1900-01-01T00:00:00Z')
  await fc.assert(
    fc.asyncProperty(generated, fc.boolean(), async (files, resolves) => {
      const named = files.map(({ held: { annotation, values }, isBounded }, i) =>
        file(
          `f${i}`,
          { 1: { values, ...(annotation && { annotation }) } },
          { bounded: isBounded ? [1] : [] },
        ),
      )
      const { names } = await sent(named, { staged: true, resolves })
      for (const [
        i,
        {
          held: { annotation, values },
          isBounded,
        },
      ] of files.entries()) {
        const isRead =
          (!annotation?.endsWith('int96') || values.every(isNear)) &&
          (!/^(old|aged)_/.test(annotation ?? '') || values.every(isNew))
        const isProved =
          isBounded || resolves || annotation === undefined || annotation === 'timestamp_millis'
        expect(names[i]).toBe(isRead && isProved ? `f${i}` : `staging/f${i}`)
      }
    }),
    { numRuns: quickOr(75, 300) },
  )
})
