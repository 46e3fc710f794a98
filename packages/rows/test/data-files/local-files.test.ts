import { readFile } from 'node:fs/promises'
import type { ObjectStore } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { localFiles } from '../../src/data-files/local-files.js'

const PATH = 's3://bucket/t/part-0.parquet'

/** 20 MiB, of which the first answer about the second part lacks its end, `times` over. */
async function cutting(times: number) {
  const bytes = new Uint8Array(20 * 1024 * 1024).map((_, i) => i % 251)
  const store = memoryStore({ objects: [[PATH, bytes]] })
  let asked = 0
  const cut: ObjectStore = {
    ...store,
    async get(path, options) {
      const found = await store.get(path, options)
      const range = options?.range as { start: number } | undefined
      if (found === undefined || range?.start === 0 || ++asked > times) return found
      return { ...found, bytes: found.bytes.subarray(0, 1000) }
    },
  }
  return { bytes, local: localFiles(cut) }
}

describe('localFiles', () => {
  it('asks again for a part that came short, and copies it whole', async () => {
    const { bytes, local } = await cutting(1)
    const [path] = await local.pathsOf([{ path: PATH, size: bytes.length }])
    expect(Buffer.compare(await readFile(path!), bytes)).toBe(0)
    await local.close()
  })

  it('refuses a part that stays short: what is behind it would be in the wrong place', async () => {
    const { bytes, local } = await cutting(1000)
    await expect(local.pathsOf([{ path: PATH, size: bytes.length }])).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(/expected 4194304 bytes from byte 16777216 on .* found 1000/),
    })
    await local.close()
  })
})
