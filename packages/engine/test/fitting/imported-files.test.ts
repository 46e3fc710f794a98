import {
  type Accepts,
  type ColumnLookup,
  createSchema,
  type DataFile,
  type Field,
  type ParquetShape,
  type ShapeNode,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const field = (id: number, name: string, physicalName = name): Field => ({
  id,
  name,
  physicalName,
  type: 'int',
  nullable: true,
})
const leaf = (name: string, more: Partial<ShapeNode> = {}): ShapeNode => ({
  name,
  kind: 'leaf',
  type: 'int',
  children: [],
  ...more,
})
const shape = (...columns: readonly ShapeNode[]): ParquetShape => ({ columns, hasFieldIds: false })
const SHAPES: Readonly<Record<string, ParquetShape>> = {
  own: shape(leaf('Id')),
  cased: shape(leaf('ID')),
  partitioned: shape(leaf('Id'), leaf('p')),
  index: shape(leaf('Id', { isIndex: true })),
  empty: { ...shape(leaf('ID')), isEmpty: true },
}
const PANDAS: ColumnLookup = {
  by: 'name',
  fallbacks: ['each'],
  showsExtras: true,
  changesMaps: true,
  annotations: new Set(),
  fromPartitions: new Set([2]),
  prefersOwn: true,
}
const KERNEL: ColumnLookup = { ...PANDAS, showsExtras: false, prefersOwn: false }

interface Asked {
  readonly lookup?: ColumnLookup | undefined
  readonly staged?: boolean
  readonly fields?: readonly Field[]
  readonly features?: readonly string[]
  readonly imported?: boolean
  readonly redactDropped?: 'rewrite' | 'refuse'
  /** False where nothing reads footers. */
  readonly reads?: boolean
  readonly more?: Partial<DataFile>
}

/** What is sent of files named after their shapes, all older than their Delta table; and whose footers were read. */
async function sent(names: readonly string[], asked: Asked = {}) {
  const { staged = false, features = [], imported = true, more = {}, redactDropped } = asked
  const { fields = [field(1, 'Id'), field(2, 'p')], reads = true } = asked
  const lookup = 'lookup' in asked ? asked.lookup : PANDAS
  const footers: string[] = []
  const table = {
    files: names.map(name => dataFile(name, { ...(imported && { imported }), ...more })),
    features,
  }
  const options: EngineOptions = {
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    ...(reads && {
      fileShapes: {
        async of(files) {
          footers.push(...files.map(({ path }) => path.slice(LOCATION.length + 1)))
          return files.map(({ path }) => SHAPES[path.slice(LOCATION.length + 1)]!)
        },
      },
    }),
    ...(staged && {
      stagingLocations: ['file:///staging'],
      rowResolver: {
        toDeletionVector: () => Promise.reject(new Error('no deletes')),
        splitSlice: async () => undefined,
        splitByValue: async (_, file) => [file],
        toCompleteFile: async ({ schema }, file) => {
          const columns = schema.fields.map(({ name }) => name).join('+')
          return { ...file, path: `file:///staging/${file.recordedPath}:${columns}` }
        },
      },
    }),
  }
  const snapshot = {
    ...snapshotOf({ location: LOCATION, ...(redactDropped && { redactDropped }) }, table),
    schema: createSchema(fields),
  }
  const accepts: Accepts = {
    features: new Set(features),
    inlineVectorBytes: 0,
    lookup: () => lookup,
  }
  const found: string[] = []
  for await (const batch of createEngine(options).signedFiles(snapshot, { accepts })) {
    for (const { file } of batch) {
      found.push(file.path.replace(`${LOCATION}/`, '').replace('file:///staging/', 'staged '))
    }
  }
  return { found, footers: [...new Set(footers)] }
}

describe('files that a Delta table was made over', () => {
  it('go out as they are where the recipient finds what the table finds', async () => {
    expect((await sent(['own'])).found).toEqual(['own'])
    expect((await sent(['partitioned', 'index'], { lookup: KERNEL })).found).toEqual([
      'partitioned',
      'index',
    ])
  })

  it.each([
    ['cased', 'Id'],
    ['partitioned', 'p'],
    ['index', 'Id'],
  ])('are rewritten or refused where it does not: %s', async (name, column) => {
    await expect(sent(['own', name])).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining(`column ${column} `),
    })
    expect((await sent(['own', name], { staged: true })).found).toEqual([
      'own',
      `staged ${name}:Id+p`,
    ])
  })

  it('are held against it too where dropped columns are kept from it', async () => {
    const redacting = { redactDropped: 'rewrite', staged: true } as const
    expect((await sent(['own', 'cased'], redacting)).found).toEqual(['own', 'staged cased:Id+p'])
    await expect(sent(['cased'], { redactDropped: 'refuse' })).rejects.toMatchObject({
      message: expect.stringContaining('column Id '),
    })
  })

  it('are refused where nothing reads what they hold', async () => {
    await expect(sent(['own'], { reads: false })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
    expect((await sent(['own'], { reads: false, imported: false })).found).toEqual(['own'])
  })

  it('are written under the names that the log maps', async () => {
    const fields = [field(1, 'renamed', 'Id')]
    const asked = { staged: true, fields, features: ['columnMapping'], lookup: KERNEL }
    expect((await sent(['own', 'cased'], asked)).found).toEqual(['own', 'staged cased:Id'])
  })

  it('are left out where they are empty, by their footers or by the log', async () => {
    expect((await sent(['own', 'empty'])).found).toEqual(['own'])
    const logged = await sent(['own'], { imported: false, more: { recordCount: 0 } })
    expect(logged).toEqual({ found: [], footers: [] })
  })

  it('are the only ones whose footers are read, and for those alone who need it', async () => {
    expect((await sent(['cased'], { imported: false })).footers).toEqual([])
    expect(await sent(['cased'], { lookup: undefined })).toEqual({ found: ['cased'], footers: [] })
  })
})
