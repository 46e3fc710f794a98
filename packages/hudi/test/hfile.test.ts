import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTableError } from '@spillway/core'
import { crc32c, HFile, type HFileSource } from '@spillway/encoding'
import { hfileBytes, quickOr, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'

const text = new TextDecoder()
const utf8 = new TextEncoder()
const shared = fileURLToPath(
  new URL('../../../../shared/fixtures/hudi/_components/hfile/', import.meta.url),
)

function sourceOf(bytes: Uint8Array): HFileSource & { reads: number } {
  return {
    size: bytes.length,
    reads: 0,
    async read(start, end) {
      this.reads++
      return bytes.subarray(start, end)
    },
  }
}

async function entriesOf(entries: AsyncIterable<{ key: Uint8Array; value: Uint8Array }>) {
  const found: [string, string][] = []
  for await (const { key, value } of entries) found.push([text.decode(key), text.decode(value)])
  return found
}

const rows = Array.from({ length: 500 }, (_, i) => {
  const key = `key-${String(i).padStart(5, '0')}`
  return [key, utf8.encode(`value of ${key}`)] as const
})
const small = hfileBytes(rows, { blockBytes: 600, info: { schema: '"string"' } })

describe('HFile', () => {
  it('scans every entry in order', async () => {
    const file = await HFile.open(sourceOf(small))
    const found = await entriesOf(file.scan())
    expect([found.length, found[0], text.decode(file.info.get('schema'))]).toEqual([
      500,
      ['key-00000', 'value of key-00000'],
      '"string"',
    ])
  })

  it('looks up keys, present or not, at either end and in between', async () => {
    const file = await HFile.open(sourceOf(small))
    const keys = ['', 'key-00000', 'key-00123', 'key-00123x', 'key-00499', 'z']
    const found = await entriesOf(file.lookup(keys.map(key => utf8.encode(key))))
    expect(found.map(([key]) => key)).toEqual(['key-00000', 'key-00123', 'key-00499'])
  })

  it.each([600, 1 << 20])(
    'reads blocks of %i bytes that were compressed, and no cut ones',
    async most => {
      const long = rows.map(
        ([key, value]) => [key, utf8.encode(text.decode(value).repeat(100))] as const,
      )
      const bytes = hfileBytes(long, { blockBytes: most, gzip: true })
      const file = await HFile.open(sourceOf(bytes))
      const expected = long.map(([key, value]) => [key, text.decode(value)])
      expect(await entriesOf(file.scan())).toEqual(expected)
      const damaged = bytes.slice()
      damaged.fill(0xff, 43, 143)
      const read = entriesOf((await HFile.open(sourceOf(damaged))).scan())
      await expect(read).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringMatching(/cannot be inflated/),
      })
    },
  )

  it('reads an empty file', async () => {
    const file = await HFile.open(sourceOf(hfileBytes([])))
    expect(await entriesOf(file.scan())).toEqual([])
  })

  it('computes CRC-32C as RFC 3720 does', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no trailer', new Uint8Array(5000)],
    ['half of it', small.subarray(0, small.length >> 1)],
    ['its end alone', small.subarray(small.length - 4096)],
  ])('refuses %s', async (_, bytes) => {
    await expect(HFile.open(sourceOf(bytes))).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('never crashes, hangs or loses an entry on damaged bytes', async () => {
    const random = new Random(20260307)
    for (let round = 0; round < quickOr(600, 3000); round++) {
      const bytes = small.slice()
      const outside = round % 2 === 0 ? 0 : small.length - 4200
      for (let i = random.integer(1, 4); i > 0; i--) {
        bytes[random.integer(outside, bytes.length - 1)] = random.integer(0, 255)
      }
      try {
        const found = await entriesOf((await HFile.open(sourceOf(bytes))).scan())
        // No checksum here: a value may differ, but the trailer counts the entries.
        expect(found.length).toBe(rows.length)
      } catch (error) {
        if (!isTableError(error)) throw error
      }
    }
  })
})

describe.skipIf(!existsSync(shared))('HFiles of HBase (skipped without ../shared)', () => {
  const names = existsSync(shared) ? readdirSync(shared) : []

  it.each(names)('finds in %s by look-up what a scan finds', async name => {
    const file = await HFile.open(sourceOf(new Uint8Array(readFileSync(shared + name))))
    const all: { key: Uint8Array; value: Uint8Array }[] = []
    for await (const entry of file.scan()) all.push(entry)
    const keys = [...new Set(all.filter((_, i) => i % 97 === 3).map(({ key }) => text.decode(key)))]
    const found = await entriesOf(file.lookup(keys.map(key => utf8.encode(key))))
    const wanted = all
      .map(({ key, value }) => [text.decode(key), text.decode(value)])
      .filter(([key]) => keys.includes(key!))
    expect([all.length, found]).toEqual([file.entryCount, wanted])
  })

  it('notices a changed byte in every block', async () => {
    const name = names.find(each => each.includes('16KB_NONE_5000'))!
    const bytes = new Uint8Array(readFileSync(shared + name))
    bytes[100]! ^= 1
    const file = await HFile.open(sourceOf(bytes))
    const hasChecksums = bytes[24] !== 0
    const scanned = await entriesOf(file.scan()).catch(error => error.code)
    expect(scanned === 'TABLE_CORRUPT' || !hasChecksums).toBe(true)
  })
})
