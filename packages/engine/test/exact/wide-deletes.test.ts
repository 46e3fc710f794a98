import { type DataFile, type DeleteFile, type RowResolver, TableError } from '@spillway/core'
import { expect, it } from 'vitest'
import { createEngine } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const VECTORS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }
const position = (name: string, namesSeveral?: true): DeleteFile => ({
  kind: 'position-delete',
  path: `${LOCATION}/${name}`,
  fileFormat: 'parquet',
  size: 9,
  ...(namesSeveral && { namesSeveral }),
})

/** How many files are sent, and which delete files are looked at for how many of them; `unclear` cannot be told. */
async function sent(files: readonly DataFile[], unclear?: string) {
  const looked: string[] = []
  let count = 0
  const rowResolver: RowResolver = {
    toDeletionVector: async (_, { recordedPath }) => {
      const bitmap = new Uint8Array(8)
      return { kind: 'deletion-vector', id: recordedPath, bitmap, cardinality: 1 }
    },
    checkPaths: async (_, { path }, targets) => {
      const name = path.slice(LOCATION.length + 1)
      looked.push(`${name} for ${targets.length}`)
      if (name === unclear) throw new TableError('UNSUPPORTED_FEATURE', 'it may mean either')
    },
    splitByValue: async (_, file) => [file],
    splitSlice: async () => undefined,
  }
  const table = { files, format: 'iceberg' as const, features: ['deletionVectors'] }
  const engine = createEngine({
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    rowResolver,
  })
  const snapshot = snapshotOf({ location: LOCATION }, table)
  const answer = (async () => {
    for await (const batch of engine.signedFiles(snapshot, { accepts: VECTORS })) {
      count += batch.length
    }
  })()
  const error = await answer.then(
    () => undefined,
    ({ code }: TableError) => code,
  )
  return { count, error, looked: looked.sort() }
}

const many = (count: number, deletes: readonly DeleteFile[]) =>
  Array.from({ length: count }, (_, i) => dataFile(`f${deletes.length}-${i}`, { deletes }))

it('looks once at a delete file that names several files, whatever the number of them', async () => {
  const wide = position('wide', true)
  const files = [...many(100, [wide]), ...many(3, [wide, position('own')])]
  const looked = ['wide for 100', 'wide for 3']
  expect(await sent(files)).toEqual({ count: 103, error: undefined, looked })
})

it('refuses before the first file what only the last of them would show', async () => {
  const last = position('last', true)
  const files = [...many(100, [position('own')]), ...many(1, [last, position('other')])]
  const looked = ['last for 1']
  expect(await sent(files, 'last')).toEqual({ count: 0, error: 'UNSUPPORTED_FEATURE', looked })
})
