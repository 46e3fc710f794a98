import { HFile, type HFileSource } from '@spillway/encoding'
import { hfileBytes } from '@spillway/testkit'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readAhead } from '../../src/metadata-table/read-ahead.js'

const MIB = 1024 ** 2
const byteAt = (i: number) => (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 255

/** A file whose bytes tell where they lie. */
function file(size: number, before: () => Promise<void> = async () => undefined) {
  const reads: [number, number][] = []
  const source: HFileSource = {
    size,
    async read(start, end) {
      reads.push([start, end])
      await before()
      const bytes = new Uint8Array(end - start)
      for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(start + i)
      return bytes
    },
  }
  return { source, reads }
}

async function expectRead(source: HFileSource, start: number, end: number): Promise<void> {
  const bytes = await source.read(start, end)
  const isRight =
    bytes.length === end - start && bytes.every((byte, i) => byte === byteAt(start + i))
  expect([start, end, isRight]).toEqual([start, end, true])
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a file that is read ahead', () => {
  it('gives the bytes that were asked for, whatever came before', async () => {
    const sizes = fc.constantFrom(1, 1000, 100_000, 8 * MIB, 8 * MIB + 1, 9 * MIB)
    const places = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(70_000)))
    const property = fc.asyncProperty(sizes, places, async (size, asked) => {
      const source = readAhead(file(size).source)
      let last = 0
      const reading = asked.map(([share, length], i) => {
        // Every other read goes on with the one before.
        const start = i % 2 === 0 ? Math.floor(share * size) : Math.min(size, last)
        last = Math.min(size, start + length)
        return expectRead(source, start, last)
      })
      await Promise.all(reading)
    })
    await fc.assert(property, { numRuns: 15 })
  })

  it('comes whole where it is small, after the reads that each of its uses needs', async () => {
    const { source, reads } = file(MIB)
    const ahead = readAhead(source)
    await expectRead(ahead, MIB - 100, MIB)
    await expectRead(ahead, 500, 600)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => expectRead(ahead, i * 9000, i * 9000 + 70)),
    )
    expect(reads).toEqual([
      [MIB - 100, MIB],
      [500, 600],
      [0, MIB],
    ])
  })

  it('is read further ahead the longer reads follow each other', async () => {
    const { source, reads } = file(40 * MIB)
    const ahead = readAhead(source)
    for (let at = 0; at < 20 * MIB; at += 65_536) await expectRead(ahead, at, at + 65_536)
    expect(reads.length).toBeLessThan(12)
    const sizes = reads.map(([start, end]) => end - start)
    expect(sizes.slice(0, 3)).toEqual([65_536, 262_144, 524_288])
    expect(Math.max(...sizes)).toBe(4 * MIB)
  })

  it('costs no more than was asked for where reads lie far apart', async () => {
    const { source, reads } = file(40 * MIB)
    const ahead = readAhead(source)
    const places = [30, 2, 17, 39, 8, 25, 12].map(at => at * MIB)
    for (const at of places) await expectRead(ahead, at, at + 1000)
    expect(reads).toEqual(places.map(at => [at, at + 1000]))
  })

  it('is asked again where a read failed', async () => {
    let fails = true
    const { source, reads } = file(MIB, async () => {
      if (fails) throw new Error('away')
    })
    const ahead = readAhead(source)
    for (let i = 0; i < 4; i++) await expect(ahead.read(0, 10)).rejects.toThrowError('away')
    fails = false
    await expectRead(ahead, 0, 10)
    await expectRead(ahead, 900, 1000)
    expect(reads).toHaveLength(5)
  })

  it('comes for the others where one of them is cancelled', async () => {
    let open: () => void = () => undefined
    const gate = new Promise<void>(opened => {
      open = opened
    })
    let waits = false
    const { source } = file(MIB, () => (waits ? gate : Promise.resolve()))
    const ahead = readAhead(source)
    await expectRead(ahead, 0, 1)
    await expectRead(ahead, 5, 6)
    waits = true
    const cancelling = new AbortController()
    const first = ahead.read(10, 20, cancelling.signal)
    const second = expectRead(ahead, 30, 40)
    cancelling.abort()
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' })
    open()
    await second
  })

  it('is let go of when nobody asks any more', async () => {
    vi.useFakeTimers()
    const { source, reads } = file(MIB)
    const ahead = readAhead(source)
    for (let i = 0; i < 5; i++) await ahead.read(i, i + 1)
    await vi.advanceTimersByTimeAsync(900)
    await ahead.read(9, 10)
    await vi.advanceTimersByTimeAsync(900)
    await ahead.read(10, 11)
    expect(reads).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1100)
    await ahead.read(11, 12)
    expect(reads).toHaveLength(4)
  })
})

describe('an HFile that is read ahead', () => {
  it('answers one key after another by three requests', async () => {
    const name = (i: number) => Buffer.from(`partition-${String(i).padStart(4, '0')}`)
    const entries = Array.from({ length: 400 }, (_, i): [Uint8Array, Uint8Array] => [
      name(i),
      Buffer.alloc(2000, i),
    ])
    const bytes = hfileBytes(entries, { blockBytes: 8192 })
    let reads = 0
    const source: HFileSource = {
      size: bytes.length,
      async read(start, end) {
        reads++
        return bytes.subarray(start, end)
      },
    }
    const hfile = await HFile.open(readAhead(source))
    for (let i = 0; i < 400; i += 7) {
      for await (const { value } of hfile.lookup([name(i)])) expect(value[0]).toBe(i & 255)
    }
    expect(reads).toBe(3)
  })
})
