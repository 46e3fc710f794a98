import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { type MemoryStore, memoryStore } from '@spillway/storage'
import { createConfigShares, createSharingServer, type SharingServer } from '../../src/index.js'
import { sha256, TOKEN } from './serve.js'

export const LOCATION = 'file:///lake/t'
const NOW = Date.UTC(2026, 0, 2)

/** Answers `signed/PATH`; every path may be signed. */
const signer = {
  covers: () => true,
  sign: async (paths: readonly string[]) => ({
    urls: paths.map(path => `https://signed/${encodeURIComponent(path)}`),
    expiresAt: NOW + 3600_000,
  }),
}

/** The Delta table at `LOCATION` as `s.x.t`, of whose partitions those are shared that `partitions` says. */
export function serve(store: MemoryStore, partitions?: string): SharingServer {
  const engine = createEngine({
    readers: [deltaReader({ store, cache: createBatchCache({ maxBytes: 1024 ** 2 }) })],
    signers: [signer],
    store,
    freshnessMs: 0,
    clock: () => NOW,
  })
  const table = { name: 't', location: LOCATION, history: true, ...(partitions && { partitions }) }
  const catalog = createConfigShares({
    shares: [{ name: 's', schemas: [{ name: 'x', tables: [table] }] }],
    recipients: [{ name: 'acme', tokens: [{ sha256: sha256(TOKEN) }], shares: ['s'] }],
  })
  return createSharingServer({ engine, catalog, tokenSecret: 'k', clock: () => NOW })
}

/** Dates its objects by how many there are: commits of equal numbers are of equal times. */
export function datedStore(): MemoryStore {
  let written = 0
  return memoryStore({ now: () => NOW - 3600_000 + ++written * 1000 })
}
