import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { FooterEdit } from '@spillway/core'
import { parquetShape, parseParquetMetadata, viewFooter } from '@spillway/encoding'
import { afterAll, beforeAll, expect, it } from 'vitest'

let folder: string
let path: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'view-'))
  path = join(folder, 'own.parquet')
  await sql(
    `COPY (SELECT i::INT AS id, 'v' || i AS "old name", {'x': i, 'y': [i, NULL]} AS s, i / 4.0 AS gone
       FROM range(10000) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

async function sql(text: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(text)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function footerOf(file: Buffer): { readonly start: number; readonly footer: Uint8Array } {
  const length = file.readUInt32LE(file.length - 8)
  const start = file.length - 8 - length
  return { start, footer: file.subarray(start, file.length - 8) }
}

/** The file as whoever serves it would send it. */
async function viewed(edits: readonly FooterEdit[]): Promise<string> {
  const file = readFileSync(path)
  const { start, footer } = footerOf(file)
  const made = Buffer.from(await viewFooter(footer, edits))
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(made.length)
  tail.write('PAR1', 4)
  const to = join(folder, `${Math.random()}.parquet`)
  writeFileSync(to, Buffer.concat([file.subarray(0, start), made, tail]))
  return to
}

function elementOf(...names: readonly string[]): number {
  const { footer } = footerOf(readFileSync(path))
  let nodes = parquetShape(parseParquetMetadata(footer, path).footer).columns
  let found = -1
  for (const name of names) {
    const node = nodes.find(each => each.name === name)!
    found = node.element
    nodes = node.children
  }
  return found
}

it('changes nothing where nothing is edited but what tells of the old schema', async () => {
  const { footer } = footerOf(readFileSync(path))
  const own = parseParquetMetadata(footer, path).footer
  const same = parseParquetMetadata(await viewFooter(footer, []), path).footer
  expect({ ...same, keyValue: new Map() }).toEqual({ ...own, keyValue: new Map() })
})

it('shows columns under other names, nested ones too, and leaves others out', async () => {
  const view = await viewed([
    [elementOf('old name'), 'ünï'],
    [elementOf('s', 'x'), 'renamed'],
    [elementOf('gone'), null],
  ])
  const same = `SELECT id, "old name" AS a, s.x AS x, s.y AS y FROM '${path}'`
  const seen = `SELECT id, "ünï" AS a, s.renamed AS x, s.y AS y FROM '${view}'`
  expect(await sql(`SELECT count(*) FROM (${same} EXCEPT ALL ${seen})`)).toEqual([['0']])
  expect(await sql(`SELECT count(*) FROM (${seen} EXCEPT ALL ${same})`)).toEqual([['0']])
  const columns = await sql(`SELECT column_name FROM (DESCRIBE FROM '${view}')`)
  expect(columns).toEqual([['id'], ['ünï'], ['s']])
  // Statistics still belong to the columns that they were of.
  expect(await sql(`SELECT count(*) FROM '${view}' WHERE "ünï" = 'v77' AND id < 100`)).toEqual([
    ['1'],
  ])
})

it('shows names exchanged', async () => {
  const view = await viewed([
    [elementOf('s', 'x'), 'y'],
    [elementOf('s', 'y'), 'x'],
  ])
  expect(await sql(`SELECT s.y, s.x FROM '${view}' WHERE id = 3`)).toEqual([['3', ['3', null]]])
})

it('refuses to leave a group without anything below it', async () => {
  await expect(
    viewed([
      [elementOf('s', 'x'), null],
      [elementOf('s', 'y'), null],
    ]),
  ).rejects.toThrow(/nothing is left of s/)
})

it('takes no garbage', async () => {
  const { footer } = footerOf(readFileSync(path))
  for (let end = 0; end < footer.length - 1; end += 7) {
    await expect(viewFooter(footer.subarray(0, end), [])).rejects.toThrow()
  }
})
