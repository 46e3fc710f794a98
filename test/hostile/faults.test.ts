import { createHash } from 'node:crypto'
import { createSharingClient } from '@spillway/client'
import { isTableError } from '@spillway/core'
import { s3Store } from '@spillway/storage/s3'
import { quickOr, spreadOf } from '@spillway/testkit'
import { createSharingServer, parseConfig } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestS3Server, testS3Server } from '../../packages/storage/test/support/s3-server.js'
import { serveOn } from '../golden/serve-on.js'
import { type Fault, type FaultProxy, faultProxy, fits } from './src/fault-proxy.js'
import { type BenchTable, benchTables } from './src/tables.js'

const TOKEN = 'token-of-the-bench'
/** Given in copies: the SDK notes in what it is given where it came from. */
const KEYS = { accessKeyId: 'bench', secretAccessKey: 'a secret of the bench' }
/** Nothing may wait for longer than this. */
const HANG_MS = 30_000

const FAULTS: readonly (readonly [string, Fault])[] = [
  ['500', { kind: 'status', status: 500, code: 'InternalError' }],
  ['503 SlowDown', { kind: 'status', status: 503, code: 'SlowDown' }],
  ['403', { kind: 'status', status: 403, code: 'AccessDenied' }],
  ['404', { kind: 'status', status: 404, code: 'NoSuchKey' }],
  ['a reset', { kind: 'reset' }],
  ['a body that is cut', { kind: 'cut' }],
  ['a body that is shorter, and says so', { kind: 'short' }],
  ['an empty body', { kind: 'empty' }],
  ['a page of HTML', { kind: 'html' }],
  ['a slow answer', { kind: 'slow' }],
  ["another object's bytes", { kind: 'other object' }],
  ['an object that was written anew', { kind: 'replaced' }],
  ['a listing without its last object', { kind: 'stale listing', drop: 'last' }],
  ['a listing without one between', { kind: 'stale listing', drop: 'middle' }],
  ['a listing that goes on without a token', { kind: 'token', token: 'none' }],
  ['a listing that goes on with an empty token', { kind: 'token', token: 'empty' }],
  ['a listing that goes on for ever', { kind: 'token', token: 'same' }],
]

/** Every table, and faults that last: for the long tier. What lasts is asked for again by the SDK, seconds each. */
const ALL = process.env.SPILLWAY_FAULTS === 'all'

const TABLES: readonly (readonly [string, string])[] = [
  ['delta', 'golden/checkpoint-v2-parquet'],
  ['iceberg', 'golden/spark-v3-deletion-vectors'],
  ['hudi', 'golden/v9/cow_basic'],
  ['parquet', 'golden/hive'],
  ...(ALL
    ? ([
        ['delta', 'golden/dv-delete'],
        ['iceberg', 'golden/spark-v2-branches-tags'],
        ['hudi', 'golden/v6/cow_changes'],
        ['hudi', 'golden/v9/cow_multi_partition'],
      ] as const)
    : []),
]

/** Each fault at one of the tables in turn, unless the tier is long: then at all of them. */
const PLAYED = TABLES.map(
  ([format, name], index) =>
    [
      format,
      name,
      quickOr(
        FAULTS.filter((_, i) => i % TABLES.length === index),
        FAULTS,
      ),
    ] as const,
)
/** So many requests of an answer fail, one in each run. */
const PLACES = 3

let upstream: TestS3Server
let proxy: FaultProxy

beforeAll(async () => {
  upstream = await testS3Server({ secrets: { [KEYS.accessKeyId]: KEYS.secretAccessKey } })
  proxy = await faultProxy(upstream.endpoint)
})
afterAll(async () => {
  await proxy.close()
  await upstream.close()
})

/** Lays a table's objects into the bucket `bench`, through a store of our own: as a provider's job would. */
async function lay(table: BenchTable): Promise<void> {
  upstream.objects.clear()
  const store = s3Store({
    endpoint: upstream.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { ...KEYS },
  })
  for (const [path, bytes] of table.objects()) await store.put(path, bytes)
  store.close()
}

/** What a recipient has in hand: the version, and of every file its name, what is said of it, and its bytes. */
interface Received {
  readonly version: bigint
  readonly files: readonly string[]
}

/** A server that has read nothing yet, asked once by a client that does not ask again. */
async function receive(table: BenchTable): Promise<Received> {
  const { objects: _, name: __, format, source } = table
  const config = parseConfig(
    JSON.stringify({
      server: { secret: 'a secret of sixteen bytes or more' },
      storage: {
        s3: {
          endpoint: proxy.endpoint,
          region: 'us-east-1',
          pathStyle: true,
          credentials: { ...KEYS },
        },
      },
      shares: [{ name: 's', schemas: [{ name: 'x', tables: [{ name: 't', ...source, format }] }] }],
      recipients: [
        {
          name: 'r',
          shares: ['s'],
          tokens: [{ sha256: createHash('sha256').update(TOKEN).digest('hex') }],
        },
      ],
    }),
    { folder: '/', path: 'bench.yaml' },
  )
  const server = await serveOn(publicUrl => createSharingServer({ config, publicUrl }))
  try {
    const client = createSharingClient(
      { shareCredentialsVersion: 1, endpoint: `${server.url}/delta-sharing`, bearerToken: TOKEN },
      { retry: { retries: 0 } },
    )
    const answer = await client.query({ share: 's', schema: 'x', table: 't' })
    const files: string[] = []
    for await (const action of answer.actions) {
      if (!('file' in action)) continue
      files.push(
        JSON.stringify(action.file, (key, value) => {
          if (typeof value === 'bigint') return String(value)
          // Signatures and the times that they hold for are each answer's own.
          if (typeof value === 'string' && value.startsWith('http')) return new URL(value).pathname
          return /expiration/i.test(key) ? undefined : value
        }),
      )
    }
    return { version: answer.version ?? -1n, files: files.sort() }
  } finally {
    await server.close()
  }
}

async function outcomeOf(table: BenchTable): Promise<Received | { readonly refused: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still waiting after ${HANG_MS} ms`)), HANG_MS)
  })
  try {
    return await Promise.race([receive(table), late])
  } catch (error) {
    if (isTableError(error)) return { refused: error.code }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** What nobody can notice: a folder is what is listed; a listing of before the newest commit is that version's. */
function mayDiffer(table: BenchTable, fault: Fault, whole: Received, found: Received): boolean {
  if (fault.kind !== 'stale listing') return false
  return table.format === 'parquet' || found.version < whole.version
}

describe.each(PLAYED)('%s %s over a store that fails', (format, name, faults) => {
  const table = benchTables().find(each => each.format === format && each.name === name)!

  beforeAll(() => lay(table))

  it.each(faults)(
    '%s, at every request: the whole answer, or an error',
    async (_, fault) => {
      proxy.start()
      const whole = await receive(table)
      expect(whole.files.length).toBeGreaterThan(0)
      const labels = [...proxy.requests]
      expect(labels.length).toBeGreaterThan(1)
      const every = [...labels.keys()]
      const fitting = every.filter(at => fits(fault, labels[at]!))
      const places = quickOr(spreadOf(fitting, PLACES), every)
      let played = 0
      const wrong: string[] = []
      for (const sticky of ALL ? [false, true] : [false]) {
        for (const at of places) {
          proxy.start({ at, fault, sticky })
          const found = await outcomeOf(table)
          played += proxy.played()
          if ('refused' in found || proxy.played() === 0) continue
          const same = JSON.stringify(found.files) === JSON.stringify(whole.files)
          if (same || mayDiffer(table, fault, whole, found)) continue
          wrong.push(
            `${at} ${proxy.requests[at]}${sticky ? ', always' : ''}: ${found.files.length} of ${whole.files.length} files`,
          )
        }
      }
      expect(wrong).toEqual([])
      const listings = fault.kind === 'stale listing' || fault.kind === 'token'
      if (!listings) expect(played).toBeGreaterThan(0)
    },
    600_000,
  )
})
