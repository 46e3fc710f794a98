import { pbkdf2 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, chunkRows, duckDb } from '../../src/index.js'

const database = duckDb()
let connection: Connection

beforeAll(async () => {
  connection = await database.connect()
})
afterAll(async () => {
  connection.close()
  await database.close()
})

async function count(sql: string, meanwhile?: () => Promise<unknown>): Promise<number> {
  let rows = 0
  for await (const chunk of connection.stream(sql)) {
    if (rows === 0) await meanwhile?.()
    rows += chunkRows(chunk).length
  }
  return rows
}

describe('a stream', () => {
  it.each([0, 1, 2048, 300_000])('of %s rows has them all, in order', async expected => {
    const ids: unknown[] = []
    const sql = `SELECT range AS id, NULL AS nothing FROM range(${expected}) ORDER BY id DESC`
    for await (const chunk of connection.stream(sql)) {
      for (const row of chunkRows(chunk)) {
        if (row.length === 2) ids.push(row[0])
      }
    }
    expect(ids).toHaveLength(expected)
    expect(ids[0]).toBe(expected === 0 ? undefined : BigInt(expected - 1))
    expect(ids.at(-1)).toBe(expected === 0 ? undefined : 0n)
  })

  it('that fails half-way throws, instead of ending early', async () => {
    const failing = `SELECT CASE WHEN range = 500000 THEN error('broken page') ELSE range::VARCHAR END FROM range(1000000)`
    await expect(count(failing)).rejects.toThrow(/broken page/)
  })

  it('that another statement ends throws as well', async () => {
    const other = () => connection.run('SELECT 1')
    await expect(count('SELECT range FROM range(1000000)', other)).rejects.toThrow(/last row/)
  })
})

it('that is cancelled while it waits for a thread ends once it has one', async () => {
  // Statements run on the threads that these keep for a while.
  const held = Array.from(
    { length: 8 },
    () => new Promise(done => pbkdf2('a', 'b', 60_000, 32, 'sha512', done)),
  )
  const stop = new AbortController()
  const long = 'SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b'
  const running = connection.all(long, stop.signal)
  stop.abort()
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  await Promise.all(held)
}, 20_000)
