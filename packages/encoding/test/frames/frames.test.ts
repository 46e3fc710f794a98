import { BytesBuilder, type Column, type ColumnStats, PathFolder, readString } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import {
  addColumn,
  addPaths,
  addStats,
  Frames,
  FrameWriter,
  readColumn,
  readPaths,
  readStats,
} from '../../src/index.js'

/** As they are after they were written and read. */
function bytesOf(writer: FrameWriter, facts: unknown = null): Uint8Array {
  const pieces = writer.finish(facts)
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

const reread = (writer: FrameWriter, facts?: unknown): Frames => new Frames(bytesOf(writer, facts))

function texts(rows: readonly (string | null)[]) {
  const builder = new BytesBuilder(rows.length)
  for (const row of rows) builder.append(row)
  return builder.finish()
}

const columns: readonly [string, number, Column][] = [
  ['ints', 3, { kind: 'int32', values: Int32Array.of(1, -2, 3) }],
  ['doubles', 2, { kind: 'float64', values: Float64Array.of(Number.NaN, -0) }],
  ['longs', 2, { kind: 'int64', values: BigInt64Array.of(-(2n ** 63n), 5n) }],
  ['texts with nulls', 4, texts(['a', null, '', 'é'])],
  ['nothing', 0, texts([])],
  [
    'a dictionary',
    3,
    { kind: 'dictionary', codes: Uint32Array.of(1, 0, 1), values: texts(['x', 'y']) },
  ],
]

describe('frames', () => {
  it('are read as they were written, whatever their lengths', () => {
    const arrays = fc.record({
      u8: fc.uint8Array(),
      i32: fc.int32Array(),
      u32: fc.uint32Array(),
      f64: fc.float64Array(),
      i64: fc.bigInt64Array(),
      u64: fc.bigUint64Array(),
    })
    fc.assert(
      fc.property(fc.array(arrays, { maxLength: 4 }), fc.jsonValue(), (each, facts) => {
        const writer = new FrameWriter()
        for (const [i, set] of each.entries()) {
          for (const [kind, array] of Object.entries(set)) {
            writer.add(`${i}${kind}`, kind as 'u8', array as Uint8Array)
          }
        }
        const frames = reread(writer, facts)
        expect(frames.facts).toEqual(JSON.parse(JSON.stringify(facts)))
        for (const [i, set] of each.entries()) {
          for (const [kind, array] of Object.entries(set)) {
            expect(frames.array(`${i}${kind}`, kind as 'u8', array.length)).toEqual(array)
          }
        }
      }),
    )
  })

  it('refuse what no writer gave, and reach into nothing beyond', () => {
    const writer = new FrameWriter()
    addPaths(writer, 'path', pathsOf(['a/1', 'a/2', 'b/3']))
    addStats(writer, 'stats', { lower: texts(['a', null, 'c']), holds: Uint8Array.of(1, 2, 3) })
    const whole = bytesOf(writer, { n: 1 })
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255), cut: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
        let bytes = whole.slice()
        for (const { at, to, cut } of changes) {
          bytes[at % bytes.length] = to
          if (cut < 10 && cut < bytes.length) bytes = bytes.slice(0, bytes.length - cut)
        }
        const found = attempt(() => {
          const frames = new Frames(bytes)
          const paths = readPaths(frames, 'path', 3)
          readStats(frames, 'stats', 3)
          return paths
        })
        if (found === undefined) return
        for (let row = 0; row < 3; row++) expect(found.bytes(row).length).toBeLessThan(100)
      }),
      { numRuns: quickOr(2000, 50_000) },
    )
  })

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['another order', bytes => bytes.with(0, 1).with(3, 4)],
    ['a document that is too long', bytes => bytes.with(6, 255)],
    ['no JSON', bytes => bytes.with(16, 0x78)],
    ['bytes behind', bytes => Uint8Array.of(...bytes, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['bytes missing', bytes => bytes.slice(0, -8)],
  ])('refuse %s', (_what, change) => {
    const bytes = bytesOf(new FrameWriter().add('a', 'u32', Uint32Array.of(1, 2, 3)))
    expect(() => new Frames(change(bytes))).toThrow(/frame/)
  })

  it('refuse an array of another kind or length, one that is missing, and two of one name', () => {
    const frames = reread(new FrameWriter().add('a', 'u32', Uint32Array.of(1)))
    expect(() => frames.array('a', 'i32')).toThrow('the frame a is u32, expected i32')
    expect(() => frames.array('b', 'i32')).toThrow('the frame b is missing, expected i32')
    expect(() => frames.array('a', 'u32', 2)).toThrow('the frame a has 1 values, expected 2')
    const twice = new FrameWriter()
      .add('a', 'u8', new Uint8Array(1))
      .add('a', 'u8', new Uint8Array(1))
    expect(() => reread(twice)).toThrow('two frames are named a')
  })
})

describe('columns in frames', () => {
  it.each(columns)('%s', (_what, length, column) => {
    const writer = new FrameWriter()
    addColumn(writer, 'c', column)
    expect(readColumn(reread(writer), 'c', length)).toEqual(column)
  })

  it.each(columns)('%s, of a row more', (_what, length, column) => {
    const writer = new FrameWriter()
    addColumn(writer, 'c', column)
    expect(() => readColumn(reread(writer), 'c', length + 9)).toThrow()
  })

  it('are none where none was added', () => {
    expect(readColumn(reread(new FrameWriter()), 'c', 3)).toBeUndefined()
  })

  it.each([
    ['descend', [0, 2, 1, 3]],
    ['begin late', [1, 1, 2, 3]],
    ['end early', [0, 1, 2, 2]],
    ['end late', [0, 1, 2, 4]],
    ['are negative', [-1, 0, 1, 3]],
  ])('refuse offsets that %s', (_what, offsets) => {
    const writer = new FrameWriter()
    writer.add('c.offsets', 'i32', Int32Array.from(offsets)).add('c.data', 'u8', new Uint8Array(3))
    expect(() => readColumn(reread(writer), 'c', 3)).toThrow(/the offsets of c/)
  })

  it('refuse a code that stands for nothing', () => {
    const writer = new FrameWriter()
    const values = texts(['x'])
    addColumn(writer, 'c', { kind: 'dictionary', codes: Uint32Array.of(0, 1), values })
    expect(() => readColumn(reread(writer), 'c', 2)).toThrow('the column c has no value 1')
  })

  it('refuse a column that does not say of every row whether it is null', () => {
    const writer = new FrameWriter()
    addColumn(writer, 'c', {
      kind: 'int32',
      values: new Int32Array(9),
      validity: Uint8Array.of(255),
    })
    expect(() => readColumn(reread(writer), 'c', 9)).toThrow(/whether it is null/)
  })

  it.each<[string, ColumnStats]>([
    ['nothing known', { lower: undefined, upper: undefined }],
    [
      'all known',
      {
        holds: Uint8Array.of(1, 3),
        nullCount: Float64Array.of(0, Number.NaN),
        bucketCount: 16,
        lower: { kind: 'int32', values: Int32Array.of(1, 2), validity: Uint8Array.of(1) },
        upper: texts([null, 'z']),
      },
    ],
  ])('statistics: %s', (_what, stats) => {
    const writer = new FrameWriter()
    addStats(writer, 's', stats)
    expect(readStats(reread(writer), 's', 2)).toEqual(stats)
  })
})

describe('paths in frames', () => {
  it('are those of the folded column', () => {
    const paths = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), maxLength: 6 }))
    fc.assert(
      fc.property(paths, given => {
        const writer = new FrameWriter()
        addPaths(writer, 'p', pathsOf(given))
        const found = readPaths(reread(writer), 'p', given.length)
        const all = [...found.parts()].flatMap(part =>
          Array.from({ length: part.offsets.length - 1 }, (_, row) => readString(part, row)),
        )
        expect(all).toEqual(given)
      }),
    )
  })

  it.each([
    ['begin late', [1, 3]],
    ['end elsewhere', [0, 2]],
    ['do not ascend', [0, 2, 2, 3]],
    ['are none', []],
  ])('refuse runs that %s', (_what, starts) => {
    const writer = new FrameWriter().add('p.starts', 'u32', Uint32Array.from(starts))
    addColumn(writer, 'p.ends', texts(Array.from({ length: 6 }, () => '')))
    addColumn(writer, 'p', texts(['a', 'b', 'c']))
    expect(() => readPaths(reread(writer), 'p', 3)).toThrow(
      'the runs of p are not those of its rows',
    )
  })
})

function pathsOf(paths: readonly string[]) {
  const folder = new PathFolder(paths.length)
  for (const path of paths) {
    const bytes = new TextEncoder().encode(path)
    folder.append(bytes, 0, bytes.length)
  }
  return folder.finish()
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
