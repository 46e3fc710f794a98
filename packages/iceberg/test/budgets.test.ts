import { gzipSync } from 'node:zlib'
import { type ObjectStore, type ReadBudgets, withBudgets } from '@spillway/core'
import { keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../src/index.js'
import { dataFile, filesOf, LOCATION, openTable, smallTable } from './support/small-table.js'

const TEXT = new TextDecoder()

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'read',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
}

async function opened(store: ObjectStore, budgets: Partial<ReadBudgets> = {}): Promise<string> {
  const reader = icebergReader({ store: withBudgets(store, budgets), cache: keepingCache() })
  return outcome(
    reader.snapshot({ location: LOCATION }).then(async ({ files }) => {
      for (const handle of files.handles) await handle.load()
    }),
  )
}

/** The small table, its metadata file replaced by what `change` makes of the document. */
async function tableWith(change: (document: Record<string, unknown>) => unknown, name?: string) {
  const store = await smallTable([{ entries: [dataFile('a.parquet', 1)] }])
  const path = store.paths().find(each => each.endsWith('.metadata.json'))!
  const document = JSON.parse(TEXT.decode((await store.get(path))!.bytes)) as Record<
    string,
    unknown
  >
  const changed = change(document)
  const bytes =
    changed instanceof Uint8Array ? changed : new TextEncoder().encode(JSON.stringify(changed))
  await store.delete(path)
  await store.put(name === undefined ? path : `${LOCATION}/metadata/${name}`, bytes)
  return store
}

describe('table metadata', () => {
  it('in gzip that becomes more than the limit is refused, and read where that is raised', async () => {
    const store = await tableWith(
      document =>
        new Uint8Array(gzipSync(JSON.stringify({ ...document, filler: ' '.repeat(3e6) }))),
      'v1.gz.metadata.json',
    )
    expect(await opened(store, { documentBytes: 1e6 })).toMatch(
      /^UNSUPPORTED_FEATURE: a document in a file of \d+ bytes, .* at most 1000000 are read; limits\.documentBytes raises that \(s3:/,
    )
    expect(await opened(store)).toBe('read')
  })

  it.each([10_000, 100_000])('of %d columns', async columns => {
    const fields = Array.from({ length: columns }, (_, i) => ({
      id: i + 10,
      name: `c${i}`,
      required: false,
      type: 'long',
    }))
    const store = await tableWith(document => {
      const [schema] = document.schemas as { fields: unknown[] }[]
      return { ...document, schemas: [{ ...schema, fields: [...schema!.fields, ...fields] }] }
    })
    const refused =
      /^UNSUPPORTED_FEATURE: a schema of 100002 columns: at most 32768 are read; limits\.columns raises that/
    expect(await opened(store)).toMatch(columns > 32_768 ? refused : /^read$/)
    expect(await opened(store, { columns: 200_000 })).toBe('read')
  })

  it('of a hundred thousand schemas and specs is read without spreading them over the stack', async () => {
    const store = await tableWith(document => {
      const [schema] = document.schemas as object[]
      const schemas = Array.from({ length: 130_000 }, (_, i) => ({ ...schema, 'schema-id': i }))
      return { ...document, schemas, 'current-schema-id': 0 }
    })
    expect(await opened(store)).toBe('read')
  })

  it('that is longer than what may be read whole is not fetched', async () => {
    const store = await tableWith(document => document)
    expect(await opened(store, { objectBytes: 100 })).toMatch(
      /^UNSUPPORTED_FEATURE: table metadata of \d+ bytes: at most 100 are read; limits\.objectBytes raises that/,
    )
  })

  it('whose name mapping is no mapping is refused', async () => {
    for (const mapping of ['[null]', '[{"fields":5}]', '[{"names":7}]']) {
      const store = await tableWith(document => ({
        ...document,
        properties: { 'schema.name-mapping.default': mapping },
      }))
      expect(await opened(store)).toMatch(/^(TABLE_CORRUPT: schema\.name-mapping\.default|read)/)
    }
  })
})

describe('a manifest', () => {
  it('cut on its way is read again, and refused where it stays cut', async () => {
    const entries = Array.from({ length: 50 }, (_, i) => dataFile(`f${i}.parquet`, 1))
    const listed = { addedFiles: 50, existingFiles: 0, deletedFiles: 0 }
    const store = await smallTable([{ entries, listed }])
    const path = `${LOCATION}/metadata/m0.avro`
    let asked = 0
    const cutting = (times: number): ObjectStore => ({
      ...store,
      async get(name, options) {
        const found = await store.get(name, options)
        if (name !== path || found === undefined || ++asked > times) return found
        const bytes = found.bytes.subarray(0, found.bytes.length >> 1)
        return { bytes, meta: { ...found.meta, size: bytes.length } }
      },
    })
    expect(await filesOf(await openTable(cutting(1)))).toHaveLength(50)
    asked = 0
    expect(await outcome(openTable(cutting(1000)).then(filesOf))).toMatch(/^TABLE_CORRUPT/)
  })

  it('of more rows than the limit is refused by its name', async () => {
    const entries = Array.from({ length: 50 }, (_, i) => dataFile(`f${i}.parquet`, 1))
    const store = await smallTable([{ entries }])
    expect(await opened(store, { rows: 49 })).toMatch(
      /^UNSUPPORTED_FEATURE: an Avro file of 50 rows: at most 49 are read; limits\.rows raises that/,
    )
    expect(await opened(store, { rows: 50 })).toBe('read')
  })
})
