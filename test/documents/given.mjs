// What blocks of documents take for granted, as globals: `given.d.ts` has their types.

import { dirname } from 'node:path'
import { eq } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { localGateway, localStore } from '@spillway/storage'

const location = process.env.DOCUMENTS_TABLE
const store = localStore()
const cache = createBatchCache({ maxBytes: 64 * 1024 ** 2 })
const secret = 'a secret of sixteen bytes or more'
const gateway = localGateway({
  roots: [dirname(location)],
  secret,
  baseUrl: 'http://127.0.0.1/files',
})
const engine = createEngine({ readers: [deltaReader({ store, cache })], signers: [gateway.signer] })
const snapshot = await engine.snapshot({ location })
const [handle] = snapshot.files.handles
const { live, files } = await handle.load()
const [{ path, size }] = await files(live)

process.env.PARTNER_TOKEN = 'a-token-of-the-documents'
process.env.SHARING_SECRET = secret

Object.assign(globalThis, {
  store,
  cache,
  secret,
  ca: '',
  profile: { shareCredentialsVersion: 1, endpoint: 'https://share.example', bearerToken: 'x' },
  gateway,
  snapshot,
  predicate: eq('day', '2026-01-03'),
  day: '2026-01-03',
  range: { startVersion: 0n, endVersion: 0n, kind: 'files' },
  file: { path, size },
})
