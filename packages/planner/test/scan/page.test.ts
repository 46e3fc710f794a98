import { BytesBuilder, type LiveFiles, readString, selectAll } from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { type PageMark, pageCollector } from '../../src/scan/page.js'

interface Listed {
  readonly key: bigint
  readonly path: string
}

/** What pages look at of a batch. */
function batchOf(listed: readonly Listed[]): LiveFiles {
  const path = new BytesBuilder(listed.length)
  for (const each of listed) path.append(each.path)
  const batch = { key: BigUint64Array.from(listed, ({ key }) => key), path: path.finish() }
  return { batch, live: selectAll(listed.length) } as unknown as LiveFiles
}

async function pagesOf(batches: readonly (readonly Listed[])[], maxFiles: number) {
  const all = batches.map(batchOf)
  const pages: string[][] = []
  let after: PageMark | undefined
  do {
    const collector = pageCollector(maxFiles, after)
    for (const files of all) await collector.add(files, files.live, undefined)
    const page = await collector.finish(undefined)
    pages.push(
      page.batches.flatMap(({ files, selection }) =>
        Array.from(
          selection,
          row => `${files.batch.key[row]} ${readString(files.batch.path, row)}`,
        ),
      ),
    )
    after = page.next
  } while (after !== undefined)
  return pages
}

/** Keys of which many are equal, in one half or in both. */
const key = fc
  .tuple(
    fc.constantFrom(0n, 1n, 0x7fffffffn, 0x80000000n, 0xffffffffn),
    fc.constantFrom(0n, 1n, 0x80000000n, 0xffffffffn),
  )
  .map(([high, low]) => (high << 32n) | low)
const listed = fc.record({ key, path: fc.constantFrom('a', 'b', 'bb', 'é', '\u{1f600}', '\uffff') })

it('pages hold every listing once, in the order of keys and then of bytes of paths', async () => {
  const batches = fc.array(fc.array(listed, { maxLength: 40 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(batches, fc.integer({ min: 1, max: 30 }), async (some, maxFiles) => {
      const ordered = some
        .flat()
        .sort((a, b) =>
          a.key === b.key
            ? Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))
            : a.key < b.key
              ? -1
              : 1,
        )
        .map(each => `${each.key} ${each.path}`)
      const pages = await pagesOf(some, maxFiles)
      const expected = Array.from(
        { length: Math.max(1, Math.ceil(ordered.length / maxFiles)) },
        (_, i) => ordered.slice(i * maxFiles, (i + 1) * maxFiles),
      )
      expect(pages.map(page => page.toSorted())).toEqual(expected.map(page => page.toSorted()))
    }),
    { numRuns: quickOr(125, 500) },
  )
})

it('takes a turn between pieces of a large page', async () => {
  const count = 300_000
  let seed = 1
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return BigInt(seed)
  }
  const files = batchOf(
    Array.from({ length: count }, (_, i) => ({ key: (random() << 32n) | random(), path: `f${i}` })),
  )
  const collector = pageCollector(100_000, undefined)
  let turns = 0
  const turn = async () => {
    turns++
  }
  await collector.add(files, files.live, turn)
  expect(turns).toBeGreaterThan(3)
  const added = turns
  const { batches, next } = await collector.finish(turn)
  expect(turns - added).toBeGreaterThan(2)
  const sorted = [...files.batch.key].sort((a, b) => (a < b ? -1 : 1))
  expect(next?.key).toBe(sorted[99_999])
  expect(batches[0]!.selection).toHaveLength(100_000)
})

it('others have their turn while a page of many listings of one long path is put together', async () => {
  const listing = { key: 7n, path: 'x'.repeat(3000) }
  const files = batchOf(Array.from({ length: 60_000 }, () => listing))
  const collector = pageCollector(50_000, undefined)
  // By this clock a piece has taken long at every look: turns are as many as looks.
  let now = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 1000
    return now
  })
  let turns = 0
  const turn = async () => {
    turns++
  }
  try {
    await collector.add(files, files.live, turn)
    expect(60_000 / turns).toBeLessThan(1100)
    const added = turns
    const { next } = await collector.finish(turn)
    expect(50_000 / (turns - added)).toBeLessThan(1100)
    expect(next).toEqual({ key: 7n, path: listing.path, listings: 50_000 })
  } finally {
    clock.mockRestore()
  }
})
