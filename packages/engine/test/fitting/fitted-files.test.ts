import {
  type Accepts,
  type ColumnLookup,
  createSchema,
  type Field,
  type ParquetShape,
} from '@spillway/core'
import { expect, it } from 'vitest'
import { createEngine, type EngineOptions } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const leaf = (name: string, fieldId?: number) => ({
  name,
  element: fieldId ?? 9,
  kind: 'leaf' as const,
  type: 'int' as const,
  children: [],
  ...(fieldId !== undefined && { fieldId }),
})
const SHAPES: Readonly<Record<string, ParquetShape>> = {
  own: { columns: [leaf('a', 1)], hasFieldIds: true },
  other: { columns: [leaf('x', 1)], hasFieldIds: true },
  empty: { columns: [leaf('x', 1)], hasFieldIds: true, isEmpty: true },
  dropped: { columns: [leaf('a', 1), leaf('gone', 2)], hasFieldIds: true },
}
const SCHEMA = createSchema([{ id: 1, name: 'a', physicalName: 'a', type: 'int', nullable: true }])
const BY_NAME: ColumnLookup = {
  by: 'name',
  fallbacks: ['never'],
  showsExtras: false,
  changesMaps: true,
  annotations: new Set(),
  fromPartitions: new Set(),
  prefersOwn: false,
}

/** What is sent of files named after their shapes. */
async function sent(
  names: readonly string[],
  {
    lookup = BY_NAME,
    staged = false,
    views = false,
    redactDropped,
    contradicted,
    recordCount = 10,
    accepted = [],
    fields = [],
  }: {
    readonly lookup?: ColumnLookup
    readonly staged?: boolean
    readonly views?: boolean
    readonly redactDropped?: 'rewrite' | 'refuse'
    readonly contradicted?: readonly number[]
    readonly recordCount?: number
    readonly accepted?: readonly string[]
    readonly fields?: readonly Field[]
  } = {},
): Promise<readonly string[]> {
  const asked: string[] = []
  const table = {
    files: names.map(name => ({
      ...dataFile(name, { recordCount }),
      ...(contradicted && { contradicted, constants: new Map([[1, 5]]) }),
    })),
    format: 'iceberg' as const,
  }
  const options: EngineOptions = {
    readers: [scriptedReader(table)],
    signers: [
      {
        ...scriptedSigner(),
        ...(views && {
          signViews: async files => ({
            urls: files.map(({ edits }) => `https://view/${JSON.stringify(edits)}`),
            expiresAt: 1,
          }),
        }),
      },
    ],
    fileShapes: {
      viewedSize: async (_, edits) => 100 + edits.length,
      async of(files) {
        asked.push(...files.map(({ path }) => path))
        return files.map(({ path }) => SHAPES[path.slice(LOCATION.length + 1).replace(/\d/, '')]!)
      },
    },
    ...(staged && {
      stagingLocations: ['file:///staging'],
      rowResolver: {
        toDeletionVector: () => Promise.reject(new Error('no deletes')),
        splitSlice: async () => undefined,
        splitByValue: async (_, file) => [file],
        toCompleteFile: async (_, file) => ({
          ...file,
          path: `file:///staging/${file.recordedPath}`,
        }),
      },
    }),
  }
  const source = { location: LOCATION, ...(redactDropped && { redactDropped }) }
  const snapshot = {
    ...snapshotOf(source, table),
    schema: createSchema([...SCHEMA.fields, ...fields]),
    shapesFrom: 'footers' as const,
  }
  const accepts: Accepts = {
    features: new Set(accepted),
    inlineVectorBytes: 0,
    lookup: () => lookup,
  }
  const found: string[] = []
  for await (const batch of createEngine(options).signedFiles(snapshot, { accepts })) {
    for (const { file, url } of batch) {
      const path = file.path.replace(/^.*\/(?=[^/]+\/)/, '')
      const view = /^https:\/\/view\/(.*)$/.exec(url)?.[1]
      found.push(view === undefined ? path : `${path} ${view} ${file.size}`)
    }
  }
  return found
}

it('sends what fits as it is and rewrites the rest, file by file', async () => {
  expect(await sent(['own', 'other', 'own2'], { staged: true })).toEqual([
    'orders/own',
    'staging/other',
    'orders/own2',
  ])
})

it('refuses before the first file where nothing can be rewritten, and says how many', async () => {
  await expect(sent(['own', 'other', 'other2'])).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message:
      '2 files of the table cannot be sent as they are: column a is called "x" in it; ask with use_delta_format=True in Python, responseFormat=delta in Spark, or else "delta-sharing-capabilities: responseformat=delta;readerfeatures=columnmapping", or have the provider configure staging, which rewrites such files',
  })
})

it('names nothing that would be refused for something else: what was asked already, and what Python reads in no format', async () => {
  await expect(sent(['other'], { accepted: ['deletionVectors', 'x'] })).rejects.toThrow(
    /Python, .*readerfeatures=columnmapping,deletionvectors", or have/,
  )
  const key: Field = { id: 2, name: 'k', physicalName: 'k', type: 'uuid', nullable: true }
  await expect(sent(['other'], { fields: [key] })).rejects.toThrow(
    /; ask with responseFormat=delta in Spark, .*\(in Python only where the provider has staging/,
  )
})

it('leaves out what its footer says is empty, and refuses nothing for it', async () => {
  expect(await sent(['empty', 'own', 'empty2'])).toEqual(['orders/own'])
  expect(await sent(['empty'], { redactDropped: 'refuse' })).toEqual([])
})

it('believes the footer, and not a manifest that counts no rows', async () => {
  expect(await sent(['own', 'empty'], { recordCount: 0 })).toEqual(['orders/own'])
})

it('sends a file by id that has other names', async () => {
  expect(await sent(['other'], { lookup: { ...BY_NAME, by: 'id' } })).toEqual(['orders/other'])
})

it('keeps dropped columns from recipients where the provider wants it', async () => {
  expect(await sent(['dropped'])).toEqual(['orders/dropped'])
  expect(await sent(['own', 'dropped'], { staged: true, redactDropped: 'rewrite' })).toEqual([
    'orders/own',
    'staging/dropped',
  ])
  const refused = { code: 'UNSUPPORTED_FEATURE', message: expect.stringContaining('column gone') }
  await expect(sent(['dropped'], { redactDropped: 'rewrite' })).rejects.toMatchObject(refused)
  const refusing = { staged: true, redactDropped: 'refuse' } as const
  await expect(sent(['own', 'dropped'], refusing)).rejects.toMatchObject(refused)
})

it('rewrites a file that holds a partition column otherwise than its folder says, for those who read it there', async () => {
  const pandas = { ...BY_NAME, fromPartitions: new Set([1]), prefersOwn: true }
  const contradicted = [1]
  expect(await sent(['own'], { lookup: pandas, staged: true, contradicted })).toEqual([
    'staging/own',
  ])
  expect(await sent(['own'], { lookup: pandas, contradicted: [] })).toEqual(['orders/own'])
  await expect(sent(['own'], { lookup: pandas, contradicted })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringMatching(/column a is in it too, .* folder is named by/),
  })
  const kernel = { ...BY_NAME, fromPartitions: new Set([1]) }
  expect(await sent(['own'], { lookup: kernel, contradicted })).toEqual(['orders/own'])
  expect(await sent(['own'], { staged: true, contradicted })).toEqual(['staging/own'])
})

it('sends a file under another footer where whoever serves it can, instead of rewriting it', async () => {
  const shown = ['orders/own', 'orders/other [[1,"a"]] 101']
  expect(await sent(['own', 'other'], { views: true })).toEqual(shown)
  expect(await sent(['own', 'other'], { views: true, staged: true })).toEqual(shown)
})

it('hides no dropped column by a view, whose bytes are still there', async () => {
  const options = { views: true, staged: true, redactDropped: 'rewrite' } as const
  expect(await sent(['dropped'], options)).toEqual(['staging/dropped'])
})
