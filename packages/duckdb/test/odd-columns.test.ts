import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { variantJson } from '@spillway/rows'
import { parquetFooterFile } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { dataFile, field, rowFixture, snapshotOf } from '../../rows/test/support/fixture.js'
import { attachShare } from '../src/index.js'
import { shareServer } from './support/share-server.js'

const files = rowFixture()

async function shared(bytes: readonly Uint8Array[], fields: readonly string[], sql: string) {
  const schemaString = JSON.stringify({
    type: 'struct',
    fields: fields.map(name => ({ name, type: 'void', nullable: true, metadata: {} })),
  })
  const server = await shareServer({ files: bytes.map(each => ({ bytes: each })), schemaString })
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const share = await attachShare(connection, server.profile)
  try {
    const rows: unknown[] = []
    for await (const block of (await share.query(sql)).rawRows()) rows.push(...block)
    return rows
  } finally {
    await share.close()
    await server.close()
  }
}

describe('a table without columns', () => {
  const none = snapshotOf([])

  it('has its rows in every way', async () => {
    const file = await files.write('SELECT range AS gone FROM range(3)')
    const rows = files.read([file])
    expect(await files.rows(none, [file])).toEqual([[], [], []])
    expect(await rows.count(none)).toBe(3n)
    expect((await rows.sql(none, 'SELECT count(*) FROM t')).rows).toEqual([['3']])
    const bytes = [readFileSync(file.path)]
    expect(await shared(bytes, [], 'SELECT count(*) FROM share.main.t')).toEqual([[3n]])
    expect(await shared(bytes, [], 'SELECT * FROM share.main.t LIMIT 2')).toEqual([[null], [null]])
    expect(await shared([], [], 'SELECT * FROM share.main.t')).toEqual([])
  })

  it('reads files that have none either', async () => {
    const bytes = parquetFooterFile([], [{ rowCount: 4, columns: new Map() }])
    const path = join(files.folder, 'columnless.parquet')
    writeFileSync(path, bytes)
    const other = await files.write('SELECT range AS gone FROM range(3)')
    const both = [dataFile(path), other]
    expect(await files.rows(none, both)).toHaveLength(7)
    expect(await files.read(both).count(none)).toBe(7n)
    const added = snapshotOf([field('a', 'long')])
    expect(await files.rows(added, both)).toEqual(Array.from({ length: 7 }, () => [null]))
    const sent = [bytes, readFileSync(other.path)]
    expect(await shared(sent, ['v'], 'SELECT v FROM share.main.t')).toHaveLength(7)
  })
})

describe('variants', () => {
  const variant = field('v', { kind: 'opaque', name: 'variant' })

  it('are documents, whatever their writer shredded', async () => {
    const values = `(1, {'a': 9007199254740993, 'x': 'NaN'::DOUBLE}::VARIANT), (2, NULL), (3, '"NaN"'::JSON::VARIANT)`
    const select = `SELECT v FROM (VALUES ${values}) t(i, v) ORDER BY i`
    for (const options of ['', ", SHREDDING {'v': 'STRUCT(a BIGINT)'}"]) {
      const file = await files.write(select, options)
      const found = [[{ a: '9007199254740993', x: 'NaN' }], [null], ['NaN']]
      expect(await files.rows(snapshotOf([variant]), [file])).toEqual(found)
      const answer = await files.read([file]).sql(snapshotOf([variant]), 'SELECT * FROM t')
      expect(answer.rows).toEqual(found)
    }
  })

  it.each([
    ['{"a":1.5,"b":[true,null]}', { a: 1.5, b: [true, null] }],
    ['12345678901234567890.5', '12345678901234567890.5'],
    ['[NaN,-Infinity,"NaN, \\"inf\\""]', ['NaN', '-Infinity', 'NaN, "inf"']],
  ])('read %s without rounding', (text, expected) => {
    expect(variantJson(text)).toEqual(expected)
  })
})
