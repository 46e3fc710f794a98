import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gt } from '@spillway/core'
import type { PlainRow } from '@spillway/rows'
import { afterAll, describe, expect, it } from 'vitest'
import { compose, createSharingServer, openTable, parseConfig } from '../src/index.js'

const folder = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))
const spillway = compose()
afterAll(() => spillway.close())

describe('openTable', () => {
  it('plans, counts and reads by SQL text or by predicates', async () => {
    const table = await openTable('plain', { folder, spillway })
    expect(table.snapshot.version).toBe(2n)
    expect([
      await table.count(),
      await table.count('id < 4'),
      await table.count(gt('id', 7n)),
    ]).toEqual([12n, 4n, 4n])
    let kept = 0
    for await (const { selection } of table.plan({ where: 'id < 4' })) kept += selection.length
    expect(kept).toBe(1)
    const found = table.rows({ where: 'id = 3', columns: ['id'] })
    for await (const row of found) expect(row).toEqual({ id: 3 })
    for await (const block of found.rawRows()) expect(block).toEqual([[3]])
    expect(await table.sql('SELECT max(id) AS top FROM t', { where: 'id < 4' })).toEqual({
      columns: ['top'],
      rows: [[3]],
    })
    expect(await table.inspect()).toMatchObject({ records: '12' })
  })

  it('gives rows as plain objects, JSON and Arrow, each read anew', async () => {
    const table = await openTable('all-types', { folder, spillway })
    const found = table.rows()
    const all = await found.all()
    const iterated: PlainRow[] = []
    for await (const row of found) iterated.push(row)
    expect(iterated).toEqual(all)
    expect(BigInt(all.length)).toBe(await table.count())
    const json = await found.json()
    let lines = ''
    for await (const text of found.jsonLines()) lines += text
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual(json)
    expect(Object.keys(json[0]!)).toEqual(found.fields.map(({ name }) => name))
    expect((await found.arrow()).numRows).toBe(all.length)
    let batched = 0
    for await (const { numRows } of found.batches()) batched += numRows
    expect(batched).toBe(all.length)
  })

  it.each(['partner.share', 'partner.share#lake.sales.orders', 'gone.share'])(
    'says of %s that attachShare reads what a profile opens',
    async location => {
      const place = mkdtempSync(join(tmpdir(), 'spillway-open-'))
      writeFileSync(join(place, 'partner.share'), '{"shareCredentialsVersion":1}')
      await expect(openTable(location, { folder: place, spillway })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/expected the folder of a table.*profile.*attachShare/),
      })
      rmSync(place, { recursive: true })
    },
  )

  it('opens a table whose folder is called like a profile', async () => {
    const place = mkdtempSync(join(tmpdir(), 'spillway-open-'))
    cpSync(join(folder, 'plain'), join(place, 'orders.share'), { recursive: true })
    const table = await openTable('orders.share', { folder: place, spillway })
    expect(await table.count()).toBe(12n)
    rmSync(place, { recursive: true })
  })

  it('ends the reading where a loop is left, and refuses a column that is not there at once', async () => {
    const table = await openTable('plain', { folder, spillway })
    for (let i = 0; i < 20; i++) {
      for await (const row of table.rows({ columns: ['id'] })) {
        expect(typeof row.id).toBe('number')
        break
      }
    }
    expect(() => table.rows({ columns: ['nothing'] })).toThrow('the table has no column nothing')
    const aborted = table.rows({ signal: AbortSignal.abort() })
    await expect(aborted.all()).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('opens other versions, and says which are not there', async () => {
    expect(await (await openTable('plain', { folder, spillway, version: 0n })).count()).toBe(4n)
    await expect(openTable('plain', { folder, spillway, version: 9n })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

/** Of the token `foo`. */
const FOO = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'

describe('createSharingServer', () => {
  it('answers requests without a port of its own, under the path it is mounted at', async () => {
    const config = parseConfig(
      JSON.stringify({
        shares: [
          { name: 's', schemas: [{ name: 'd', tables: [{ name: 'plain', location: 'plain' }] }] },
        ],
        recipients: [{ name: 'r', shares: ['s'], tokens: [{ sha256: FOO }] }],
      }),
      { folder, path: 'test' },
    )
    const server = createSharingServer({ config, publicUrl: 'https://host.example/lake/' })
    const ask = (path: string, init: RequestInit = {}) =>
      server.fetch(
        new Request(`https://host.example${path}`, {
          headers: { authorization: 'Bearer foo' },
          ...init,
        }),
      )
    const listed = await ask('/lake/delta-sharing/shares/s/all-tables')
    expect(await listed.json()).toMatchObject({
      items: [{ name: 'plain', schema: 'd', share: 's' }],
    })
    const answer = await ask('/lake/delta-sharing/shares/s/schemas/d/tables/plain/query', {
      method: 'POST',
      body: JSON.stringify({ predicateHints: ['id < 4'] }),
      headers: { authorization: 'Bearer foo', 'content-type': 'application/json' },
    })
    const urls = (await answer.text())
      .split('\n')
      .flatMap(line => (line.includes('"file"') ? [JSON.parse(line).file.url as string] : []))
    expect(urls).toEqual([
      expect.stringMatching(/^https:\/\/host\.example\/lake\/delta-sharing\/files\//),
    ])
    const file = await ask(new URL(urls[0]!).pathname + new URL(urls[0]!).search, {
      headers: { range: 'bytes=0-3' },
    })
    expect([file.status, await file.text()]).toEqual([206, 'PAR1'])
    expect((await ask('/lake/healthz')).status).toBe(200)
    expect((await ask('/elsewhere')).status).toBe(404)
    await server.close()
  })

  it.each([
    ['the files of a pattern', 'day=*/*.parquet', 2],
    ['a folder', 'day=2', 1],
    ['the files of a pattern, known without its format', '{day=1,day=2}/*.parquet', 2, {}],
  ])(
    'shares %s, and nothing beside them',
    async (_, location, count, format = { format: 'parquet' }) => {
      const lake = mkdtempSync(join(tmpdir(), 'spillway-pattern-'))
      try {
        for (const day of ['day=1', 'day=2', 'other'])
          mkdirSync(join(lake, 'days', day), { recursive: true })
        const parquet = join(
          folder,
          'plain',
          readdirSync(join(folder, 'plain')).find(each => each.endsWith('.parquet'))!,
        )
        for (const day of ['day=1', 'day=2', 'other'])
          copyFileSync(parquet, join(lake, 'days', day, 'a.parquet'))
        const table = { name: 't', location: `days/${location}`, ...format }
        const config = parseConfig(
          JSON.stringify({
            shares: [{ name: 's', schemas: [{ name: 'd', tables: [table] }] }],
            recipients: [{ name: 'r', shares: ['s'], tokens: [{ sha256: FOO }] }],
          }),
          { folder: lake, path: 'x.yaml' },
        )
        const server = createSharingServer({ config, publicUrl: 'https://host.example' })
        const answer = await server.fetch(
          new Request('https://host.example/delta-sharing/shares/s/schemas/d/tables/t/query', {
            method: 'POST',
            body: '{}',
            headers: { authorization: 'Bearer foo', 'content-type': 'application/json' },
          }),
        )
        const text = await answer.text()
        expect([answer.status, text]).toEqual([200, expect.anything()])
        const files = text.split('\n').filter(line => line.includes('"file"'))
        expect(files).toHaveLength(count)
        await server.close()
      } finally {
        rmSync(lake, { recursive: true, force: true })
      }
    },
  )
})
