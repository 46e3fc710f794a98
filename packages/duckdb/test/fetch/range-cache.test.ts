import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ByteSource } from '../../src/fetch/byte-source.js'
import { rangeCache } from '../../src/fetch/range-cache.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-ranges-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const heldBytes = () =>
  readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0)

const zeros: ByteSource = {
  async read(_, { start, end }, take) {
    await take(new Uint8Array(end - start), start)
  },
  bytes: async (_, { start, end }) => new Uint8Array(end - start),
  tagOf: () => '"zeros"',
  check: async () => undefined,
  pin: () => undefined,
}

it('keeps to its size while many ranges are written at a time', async () => {
  const maxBytes = 1_000_000
  const cached = (await rangeCache({ folder, maxBytes })).over(zeros, 'provider')
  const read = (i: number) =>
    cached.read({ key: `file-${i}`, size: 50_000 }, { start: 0, end: 50_000 }, () => undefined)
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 40 }, (_, i) => read(round * 40 + i)))
    expect(heldBytes()).toBeLessThanOrEqual(maxBytes)
  }
  expect(readdirSync(folder).length).toBeGreaterThan(5)
})
