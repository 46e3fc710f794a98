import { type FileHandle, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileBody } from '../../src/gateway/file-body.js'

let folder: string
let path: string
let file: FileHandle

const OWN = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 251))
/** The first 4,000 bytes of the file, and others behind them. */
const VIEW = { keptBytes: 4000, tail: new Uint8Array(70).fill(255), mark: 'm' }
const VIEWED = Buffer.concat([OWN.subarray(0, VIEW.keptBytes), VIEW.tail])

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-file-body-'))
  path = join(folder, 'file')
})

afterAll(() => rm(folder, { recursive: true }))

async function bodyOf(
  part: { start: number; end: number },
  { view, isSame = true }: { view?: typeof VIEW; isSame?: boolean } = {},
) {
  await writeFile(path, OWN)
  file = await open(path)
  return fileBody(file, part, { view, isSame: async () => isSame })
}

/** All of it, through one buffer of `size` bytes. */
async function through(body: ReadableStream<Uint8Array>, size: number): Promise<Buffer> {
  const reader = body.getReader({ mode: 'byob' })
  const parts: Buffer[] = []
  let buffer = new ArrayBuffer(size)
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer))
    if (done) return Buffer.concat(parts)
    expect(value.buffer.byteLength).toBe(size)
    parts.push(Buffer.from(value))
    buffer = value.buffer
  }
}

describe('the bytes of a file', () => {
  const parts = [
    [0, 5000],
    [0, 1],
    [17, 4000],
    [4999, 5000],
    [2500, 2500],
  ] as const

  it.each(parts)(
    'come into the reader’s buffer, whatever its size: %i to %i',
    async (start, end) => {
      for (const size of [1, 7, 999, 5000, 70_000]) {
        if (size === 1 && end - start > 100) continue
        const body = await bodyOf({ start, end })
        expect((await through(body, size)).equals(OWN.subarray(start, end))).toBe(true)
        expect(file.fd).toBe(-1)
      }
    },
  )

  it.each(parts)('come to a reader without one: %i to %i', async (start, end) => {
    const bytes = await new Response(await bodyOf({ start, end })).arrayBuffer()
    expect(Buffer.from(bytes).equals(OWN.subarray(start, end))).toBe(true)
    expect(file.fd).toBe(-1)
  })

  it('come under another footer', async () => {
    for (const size of [1, 33, 70, 4000, 9000]) {
      for (const [start, end] of [
        [0, 4070],
        [3990, 4010],
        [4000, 4070],
        [4060, 4069],
      ] as const) {
        if (size === 1 && end - start > 100) continue
        const body = await bodyOf({ start, end }, { view: VIEW })
        expect((await through(body, size)).equals(VIEWED.subarray(start, end))).toBe(true)
        expect(file.fd).toBe(-1)
      }
    }
  })

  it('break off where the file is another at the end, before its last bytes', async () => {
    const reader = (await bodyOf({ start: 0, end: 5000 }, { isSame: false })).getReader({
      mode: 'byob',
    })
    const { value } = await reader.read(new Uint8Array(4999))
    expect(value).toHaveLength(4999)
    await expect(reader.read(new Uint8Array(4999))).rejects.toThrowError('changed')
    expect(file.fd).toBe(-1)
  })

  it('break off where the file becomes shorter', async () => {
    const reader = (await bodyOf({ start: 0, end: 5000 })).getReader({ mode: 'byob' })
    await reader.read(new Uint8Array(100))
    await truncate(path, 60)
    await expect(reader.read(new Uint8Array(100))).rejects.toThrowError('shorter')
    expect(file.fd).toBe(-1)
  })

  it('are let go of when nobody wants them, even with a read under way', async () => {
    const reader = (await bodyOf({ start: 0, end: 5000 })).getReader({ mode: 'byob' })
    const reading = reader.read(new Uint8Array(100))
    await reader.cancel()
    expect((await reading).done).toBe(true)
    expect(file.fd).toBe(-1)
  })
})
