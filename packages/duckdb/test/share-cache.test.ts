import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

let files: readonly ServedData[]
let server: ShareServer
let folder: string
const open: AttachedShare[] = []

beforeAll(async () => {
  files = await sharedTable(4, 20_000)
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-cache-'))
})
afterEach(async () => {
  for (const share of open.splice(0)) await share.close()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => server.close())

async function attach(maxBytes: number, options: AttachOptions = {}): Promise<AttachedShare> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const share = await attachShare(connection, server.profile, {
    cache: { folder, maxBytes },
    ...options,
  })
  open.push(share)
  return share
}

/** The answer, and how many bytes came over the wire for it. */
async function sum(share: AttachedShare): Promise<readonly [unknown, number]> {
  const before = server.sent.bytes
  const result = await share.query('SELECT sum(id), max(name) FROM share.main.t')
  for await (const [row] of result.rawRows()) return [row, server.sent.bytes - before]
  return [undefined, 0]
}

const heldBytes = () =>
  readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0)

describe.each(['ranges', 'download'] as const)('a cache under %s', transport => {
  it('answers the same query again without a byte, in another process too', async () => {
    const [first, bytes] = await sum(await attach(100_000_000, { transport }))
    expect(bytes).toBeGreaterThan(0)
    expect(await sum(await attach(100_000_000, { transport }))).toEqual([first, 0])
  })

  it('keeps to its size', async () => {
    const share = await attach(500_000, { transport })
    const [first] = await sum(share)
    expect(heldBytes()).toBeLessThanOrEqual(500_000)
    expect((await sum(share))[0]).toEqual(first)
  })

  it('is not believed where its files are not what was written', async () => {
    const [first] = await sum(await attach(100_000_000, { transport }))
    for (const name of readdirSync(folder)) {
      const { size } = statSync(join(folder, name))
      writeFileSync(join(folder, name), new Uint8Array(size))
    }
    const [again, bytes] = await sum(await attach(100_000_000, { transport }))
    expect(again).toEqual(first)
    expect(bytes).toBeGreaterThan(0)
  })
})
