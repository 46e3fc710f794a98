import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WritableStore } from '@spillway/core'
import { flatStoreSuite, type StoreSubject, storeSuite } from '@spillway/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { cacheStore } from '../src/layers/cache.js'
import { limitStore } from '../src/layers/limit.js'
import { routeStores } from '../src/layers/route.js'
import { localStore } from '../src/local/local.js'
import { memoryStore } from '../src/memory/memory.js'
import { s3Store } from '../src/s3/store.js'
import { type TestS3Server, testS3Server } from './support/s3-server.js'

let folder: string
let server: TestS3Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-stores-'))
  server = await testS3Server({ secrets: { key: 'secret' }, pageSize: 100 })
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

// Files are described 32 at a time, and every write waits for the disk.
const local = (store: WritableStore) => ({ store, pageSize: 64 })

const s3Subject = (bucket: string): StoreSubject => ({
  store: s3Store({
    endpoint: server.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  }),
  base: `s3://${bucket}/base/`,
  pageSize: 100,
})

const subjects: readonly (readonly [name: string, flat: boolean, () => StoreSubject])[] = [
  ['memory', true, () => ({ store: memoryStore(), base: 'memory://bucket/' })],
  ['local, by URI', false, () => ({ ...local(localStore()), base: `file://${folder}/uri/` })],
  ['local, by short URI', false, () => ({ ...local(localStore()), base: `file:${folder}/short/` })],
  ['local, by path', false, () => ({ ...local(localStore()), base: `${folder}/path/` })],
  [
    'local, kept to a root',
    false,
    () => ({ ...local(localStore({ roots: [folder] })), base: `file://${folder}/rooted/` }),
  ],
  [
    'limited to one request at a time',
    true,
    () => ({ store: limitStore(memoryStore(), { concurrency: 1 }), base: 'memory://bucket/' }),
  ],
  [
    'cached',
    true,
    () => ({ store: cacheStore(memoryStore(), { maxBytes: 1 << 20 }), base: 'memory://bucket/' }),
  ],
  [
    'cached local',
    false,
    () => ({ ...local(cacheStore(localStore(), { maxBytes: 4096 })), base: `${folder}/cached/` }),
  ],
  [
    'routed',
    true,
    () => ({ store: routeStores([{ scheme: 's3', store: memoryStore() }]), base: 's3a://bucket/' }),
  ],
  ['S3', true, () => s3Subject('bucket')],
]

describe.each(subjects)('a store that is %s', (_, flat, create) => {
  const cases = flat ? [...storeSuite, ...flatStoreSuite] : storeSuite
  it.each(cases)('$name', ({ run }) => run(create()))
})
