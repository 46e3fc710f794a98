import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

let files: readonly ServedData[]
/** What is served now, and by which tags. */
let served: ServedData[]
let other: ServedData
const tags: (string | undefined)[] = ['"0"', '"1"', '"2"', '"3"']
let server: ShareServer
let folder: string
const open: AttachedShare[] = []

beforeAll(async () => {
  files = await sharedTable(4, 20_000)
  other = { ...files[1]!, bytes: paddedTo(files[0]!.bytes, files[1]!.bytes.length) }
  served = [...files]
  const options = { schemaString: SCHEMA, partitionColumns: ['day'] }
  server = await shareServer({ ...options, files: served, tagOf: file => tags[file] })
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

/** A Parquet file made longer, between its last chunk and its footer. */
function paddedTo(bytes: Uint8Array, length: number): Uint8Array {
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8).getUint32(0, true)
  const footer = bytes.length - trailer - 8
  const padded = new Uint8Array(length)
  padded.set(bytes.subarray(0, footer))
  padded.set(bytes.subarray(footer), length - trailer - 8)
  return padded
}

const heldBytes = () =>
  readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0)

describe.each(['ranges', 'download'] as const)('a cache under %s', transport => {
  it('answers the same query again by a byte of each file, in another process too', async () => {
    const [first, bytes] = await sum(await attach(100_000_000, { transport }))
    expect(bytes).toBeGreaterThan(100_000)
    expect(await sum(await attach(100_000_000, { transport }))).toEqual([first, files.length])
  })

  it('has nothing of a file that was replaced by one of its size', async () => {
    const [first] = await sum(await attach(100_000_000, { transport }))
    const place = served[1]!
    try {
      served[1] = other
      tags[1] = '"other"'
      const [second] = await sum(await attach(100_000_000, { transport }))
      expect(second).not.toEqual(first)
      const again = await attach(100_000_000, { transport })
      expect(await sum(again)).toEqual([second, files.length])
      served[1] = place
      tags[1] = '"1"'
      expect((await sum(again))[0]).toEqual(first)
    } finally {
      served[1] = place
      tags[1] = '"1"'
    }
  })

  it('keeps nothing of files without a strong tag', async () => {
    const before = [...tags]
    try {
      tags.splice(0, 2, undefined, 'W/"1"')
      const [first] = await sum(await attach(100_000_000, { transport }))
      const [again, bytes] = await sum(await attach(100_000_000, { transport }))
      expect(again).toEqual(first)
      expect(bytes).toBeGreaterThan(files[0]!.bytes.length / 2)
      expect(bytes).toBeLessThan(3 * files[0]!.bytes.length)
    } finally {
      tags.splice(0, 4, ...before)
    }
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
