import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import {
  DEFAULT_BUDGETS,
  type ObjectStore,
  type ReadBudgets,
  SMALL_INFLATION,
  withBudgets,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { AvroWriter, avroFile } from '../../testkit/src/encodings/avro-writer.js'
import { hfileBytes } from '../../testkit/src/encodings/hfile-writer.js'
import { ThriftWriter } from '../../testkit/src/encodings/thrift-writer.js'
import { inflateDocument } from '../src/compression/inflate.js'
import { decompressLz4, decompressLz4Raw } from '../src/compression/lz4.js'
import { longestZstd } from '../src/compression/zstd-length.js'
import {
  documentText,
  HFile,
  Inflation,
  openAvroFile,
  parquetReader,
  parseAvroSchema,
  parseExactJson,
  parseJsonWithin,
  readAvroFile,
  readAvroRows,
  readParquetFooter,
  readParquetRows,
  readRoaring64,
  viewFooter,
} from '../src/index.js'
import { readThriftStruct } from '../src/thrift/thrift.js'
import { byteStore } from './support/byte-store.js'
import {
  CODEC,
  dataPage,
  dictionaryPage,
  ENCODING,
  joined,
  levels,
  parquetFile,
  run,
  smallParquet,
} from './support/small-parquet.js'

const MIB = 1024 * 1024
const PATH = 'memory://bucket/file.parquet'

const with_ = (budgets: Partial<ReadBudgets>): ReadBudgets => ({ ...DEFAULT_BUDGETS, ...budgets })

/** What it threw as `code: message`, or that it did not. */
function outcome(work: () => unknown): string {
  try {
    work()
    return 'read'
  } catch (error) {
    const { code, message, name } = error as { code: string; message: string; name: string }
    return `${code ?? name}: ${message}`
  }
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  const settled = await work.then(
    () => () => undefined,
    error => () => {
      throw error
    },
  )
  return outcome(settled)
}

const NULLS = { type: 'record', name: 'r', fields: [{ name: 'n', type: 'null' }] }

/** A file of one block that says it holds `rows`, in `bytes`. */
function claiming(
  schema: unknown,
  rows: number,
  bytes: Uint8Array,
  codec: 'null' | 'deflate' = 'null',
) {
  const whole = avroFile({ schema, codec }, [0], out => out.byte(0))
  const header = whole.subarray(0, whole.length - (codec === 'null' ? 19 : 21))
  const stored = codec === 'null' ? bytes : deflateRawSync(bytes)
  const sync = whole.slice(-16)
  return joined([header, new AvroWriter().long(rows).bytes(stored).raw(sync).take()])
}

describe('an Avro file', () => {
  it('that claims 2^40 rows of a record of nothing is refused for its rows', () => {
    const bytes = claiming(NULLS, 2 ** 40, new Uint8Array(0))
    expect(outcome(() => readAvroFile(bytes, PATH))).toBe(
      `UNSUPPORTED_FEATURE: an Avro file of ${2 ** 40} rows: at most 67108864 are read; limits.rows raises that (${PATH})`,
    )
  })

  it('of rows without bytes is read up to what its objects may take, and beyond where that is raised', async () => {
    const read = async (rows: number, budgets?: ReadBudgets) => {
      const file = await openAvroFile(claiming(NULLS, rows, new Uint8Array(0)), PATH, budgets)
      return (await readAvroRows(file, row => row)).length
    }
    expect(await read(100_000)).toBe(100_000)
    await expect(read(2_000_000)).rejects.toThrow(/limits\.inflationRatio raises that/)
    expect(await read(2_000_000, with_({ inflationRatio: 10_000_000 }))).toBe(2_000_000)
  })

  it('that claims more rows than its bytes can hold is corrupt, before and after it is inflated', () => {
    const schema = { type: 'record', name: 'r', fields: [{ name: 'n', type: 'double' }] }
    const plain = claiming(schema, 3, new Uint8Array(16))
    expect(outcome(() => readAvroFile(plain, PATH))).toMatch(
      /^TABLE_CORRUPT: an Avro block claims 3 rows of 8 bytes or more, and holds 16 bytes at most/,
    )
    const deflated = readAvroFile(claiming(schema, 3, new Uint8Array(16), 'deflate'), PATH)
    expect(outcome(() => deflated.inflate(deflated.blocks[0]!))).toMatch(
      /^TABLE_CORRUPT: an Avro block claims/,
    )
    const absurd = claiming(schema, 1_000_000, new Uint8Array(16), 'deflate')
    expect(outcome(() => readAvroFile(absurd, PATH))).toMatch(
      /^TABLE_CORRUPT: an Avro block claims/,
    )
  })

  it('whose block inflates beyond the limit is refused, the inflater being told that limit', () => {
    const schema = { type: 'record', name: 'r', fields: [{ name: 'n', type: 'bytes' }] }
    const row = new AvroWriter().bytes(new Uint8Array(2 * MIB)).take()
    const bytes = claiming(schema, 1, row, 'deflate')
    expect(bytes.length).toBeLessThan(5000)
    const inflate = (budgets: ReadBudgets) => {
      const file = readAvroFile(bytes, PATH, budgets)
      return file.inflate(file.blocks[0]!).length
    }
    expect(inflate(DEFAULT_BUDGETS)).toBe(row.length)
    expect(outcome(() => inflate(with_({ inflatedBytes: MIB })))).toMatch(
      /^UNSUPPORTED_FEATURE: an Avro block in a file of \d+ bytes, which takes memory of 1048577 bytes: at most 1048576 are read; limits\.inflatedBytes raises that/,
    )
    expect(inflate(with_({ inflatedBytes: 3 * MIB }))).toBe(row.length)
  })

  it('with lists of values without bytes ends within the limit, however often they are claimed', async () => {
    const schema = {
      type: 'record',
      name: 'r',
      fields: [{ name: 'n', type: { type: 'array', items: 'null' } }],
    }
    const out = new AvroWriter()
    for (let block = 0; block < 100; block++) out.long(2 ** 20)
    const bytes = claiming(schema, 1, out.long(0).take())
    const rows = (file: Uint8Array) => readAvroRows(readAvroFile(file, PATH), row => row)
    await expect(rows(bytes)).rejects.toThrow(/limits\.documentValues raises that/)
    const few = claiming(schema, 1, new AvroWriter().long(1000).long(0).take())
    expect(await rows(few)).toHaveLength(1)
  })

  it('whose schema doubles itself level by level is refused by its sum', () => {
    let type: unknown = 'null'
    for (let level = 0; level < 40; level++) {
      const name = `r${level}`
      const again = level === 0 ? 'null' : `r${level - 1}`
      type = {
        type: 'record',
        name,
        fields: [
          { name: 'a', type },
          { name: 'b', type: again },
        ],
      }
    }
    expect(outcome(() => parseAvroSchema(JSON.stringify(type)))).toMatch(
      /limits\.columns raises that/,
    )
  })

  it.each([10_000, 100_000])('of %d columns', columns => {
    const fields = Array.from({ length: columns }, (_, i) => ({
      name: `c${i}`,
      type: ['null', 'int'],
    }))
    const text = JSON.stringify({ type: 'record', name: 'r', fields })
    const wide = with_({ columns: 200_000 })
    const refused = `UNSUPPORTED_FEATURE: an Avro schema of ${columns} columns: at most 32768 are read; limits.columns raises that`
    expect(outcome(() => parseAvroSchema(text))).toBe(columns > 32_768 ? refused : 'read')
    expect(outcome(() => parseAvroSchema(text, wide))).toBe('read')
  })
})

describe('a compressed document', () => {
  const text = JSON.stringify({ a: 'x'.repeat(3 * MIB) })

  it.each(['gzip', 'zstd'])('of %s is inflated to no more than the limit', codec => {
    const bytes = codec === 'gzip' ? new Uint8Array(gzipSync(text)) : zeros(24)
    const inflated = codec === 'gzip' ? text.length : 24 * 131_072
    expect(bytes.length).toBeLessThan(5000)
    const budgets = with_({ documentBytes: 2 * MIB })
    expect(outcome(() => inflateDocument(bytes, PATH, budgets))).toMatch(
      /^UNSUPPORTED_FEATURE: a document in a file of \d+ bytes, .* at most 2097152 are read; limits\.documentBytes raises that/,
    )
    expect(inflateDocument(bytes, PATH).length).toBe(inflated)
  })

  it('that is larger uncompressed is refused before it becomes a text', () => {
    const bytes = new TextEncoder().encode(text)
    const budgets = with_({ documentBytes: MIB })
    expect(outcome(() => documentText(bytes, PATH, budgets))).toMatch(
      /limits\.documentBytes raises that/,
    )
    expect(documentText(bytes, PATH)).toBe(text)
  })

  it('is told by the first limit that it meets: of a small file its ratio, up to 128 MiB', () => {
    const room = (storedBytes: number) => new Inflation(DEFAULT_BUDGETS, { what: 'x', storedBytes })
    expect(room(5000).limit).toBe(SMALL_INFLATION)
    expect(room(2 * MIB).limit).toBe(400 * MIB)
    expect(room(100 * MIB).limit).toBe(DEFAULT_BUDGETS.inflatedBytes)
  })
})

/** Zstd of `blocks` blocks of 128 KiB of zeros: four bytes each. */
function zeros(blocks: number): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]
  for (let i = 0; i < blocks; i++) {
    const header = (131_072 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0)
    bytes.push(header & 255, (header >> 8) & 255, header >> 16, 0)
  }
  return Uint8Array.from(bytes)
}

describe('longestZstd', () => {
  it('adds up blocks without inflating one', () => {
    expect(longestZstd(zeros(10_000))).toBe(10_000 * 131_072)
  })

  it('takes a frame at its word where that is more', () => {
    const stated = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x80, 1, 0, 0]
    expect(longestZstd(Uint8Array.from(stated))).toBe(2 ** 31)
  })

  it.each([[[1, 2, 3, 4, 5, 6, 7, 8]], [[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, 0, 0]]])(
    'knows nothing of %j',
    bytes => {
      expect(longestZstd(Uint8Array.from(bytes))).toBeUndefined()
    },
  )
})

describe('a JSON text', () => {
  it.each([
    [
      'parseJsonWithin',
      (text: string, budgets: ReadBudgets) => parseJsonWithin(text, 'a text', { budgets }),
    ],
    ['parseExactJson', (text: string, budgets: ReadBudgets) => parseExactJson(text, { budgets })],
  ])(
    'is refused by %s for its depth, its values and its length before it is parsed',
    (_, parse) => {
      const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
      expect(outcome(() => parse(deep, DEFAULT_BUDGETS))).toBe(
        'UNSUPPORTED_FEATURE: a document of 1000000 levels: at most 500 are read; limits.documentDepth raises that',
      )
      const many = `[${'[],'.repeat(2000)}[]]`
      expect(outcome(() => parse(many, with_({ documentValues: 3000 })))).toMatch(
        /limits\.documentValues raises/,
      )
      expect(outcome(() => parse(many, DEFAULT_BUDGETS))).toBe('read')
      expect(outcome(() => parse(many, with_({ documentBytes: 100 })))).toMatch(
        /limits\.documentBytes raises/,
      )
      const nested = `${'['.repeat(600)}1${']'.repeat(600)}`
      expect(outcome(() => parse(nested, DEFAULT_BUDGETS))).toMatch(/limits\.documentDepth raises/)
      expect(outcome(() => parse(nested, with_({ documentDepth: 700 })))).toBe('read')
    },
  )

  it('may hold brackets, commas and quotes in its strings', () => {
    const text = JSON.stringify({ a: `${'[{,"\\'.repeat(1000)}` })
    expect(
      outcome(() =>
        parseJsonWithin(text, 'a text', {
          budgets: with_({ documentValues: 3, documentDepth: 2 }),
        }),
      ),
    ).toBe('read')
  })

  it('with a number of a million digits is refused, not worked out', () => {
    expect(outcome(() => parseExactJson(`[${'9'.repeat(1_000_000)}]`))).toBe(
      'TABLE_CORRUPT: expected a JSON document: a number of 1000000 characters',
    )
  })
})

describe('a roaring bitmap', () => {
  /** Every position of `containers` times 65,536, as runs. */
  function full(containers: number): Uint8Array {
    const out: number[] = []
    const u16 = (value: number) => out.push(value & 255, value >> 8)
    const u32 = (value: number) =>
      out.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
    u32(1)
    u32(0)
    u32(0)
    u32(12_347 | ((containers - 1) << 16))
    for (let i = 0; i < Math.ceil(containers / 8); i++) out.push(255)
    for (let key = 0; key < containers; key++) {
      u16(key)
      u16(65_535)
    }
    if (containers >= 4) for (let i = 0; i < containers; i++) u32(0)
    for (let i = 0; i < containers; i++) {
      u16(1)
      u16(0)
      u16(65_535)
    }
    return Uint8Array.from(out)
  }

  it('of 2^32 positions in less than a megabyte is refused while it is read', () => {
    const bytes = full(65_536)
    expect(bytes.length).toBeLessThan(MIB)
    expect(outcome(() => readRoaring64(bytes, PATH))).toMatch(
      /^UNSUPPORTED_FEATURE: a deletion vector of 67174400 positions: at most 67108864 are read; limits\.rows raises that/,
    )
    expect(readRoaring64(bytes, PATH, with_({ rows: 2 ** 32 })).cardinality).toBe(2 ** 32)
  })

  it('of millions of positions is read', () => {
    expect(readRoaring64(full(100), PATH).cardinality).toBe(6_553_600)
  })
})

async function leavesOf(bytes: Uint8Array, budgets: Partial<ReadBudgets> = {}): Promise<number> {
  const { store, file } = byteStore(bytes)
  const limited: ObjectStore = withBudgets(store, budgets)
  let rows = 0
  for await (const batch of parquetReader().read(limited, file, { leaves: [['c']] }))
    rows += batch.length
  return rows
}

describe('a Parquet file', () => {
  const nulls = (rows: number) =>
    smallParquet({ type: 'BYTE_ARRAY', rows, pages: [dataPage(levels(rows, 0), { values: rows })] })

  it('of a million nulls in a few bytes is read, of 64 million it is not', async () => {
    expect(await leavesOf(nulls(1_000_000))).toBe(1_000_000)
    const refused = await outcomeOf(leavesOf(nulls(2 ** 26)))
    expect(refused).toMatch(
      /^UNSUPPORTED_FEATURE: row group 0 in a file of \d+ bytes, which takes memory of 603979776 bytes: at most 134217728 are read; limits\.inflationRatio raises that \(memory:/,
    )
    expect(await leavesOf(nulls(2 ** 24), { inflationRatio: 10_000_000 })).toBe(2 ** 24)
  })

  it('that claims 2^31 rows is refused, whatever is read of it', async () => {
    const bytes = nulls(2 ** 31)
    const text =
      /^UNSUPPORTED_FEATURE: row group 0 of 2147483648 rows: at most 67108864 are read; limits\.rows/
    expect(await outcomeOf(leavesOf(bytes))).toMatch(text)
    const { store, file } = byteStore(bytes)
    const nothing = async () => {
      for await (const _ of parquetReader().read(store, file, { leaves: [] }));
    }
    expect(await outcomeOf(nothing())).toMatch(text)
    expect(await outcomeOf(readParquetRows(store, file))).toMatch(text)
  })

  it.each([
    ['zstd', zeros(2000), 2000 * 131_072],
    [
      'brotli',
      new Uint8Array(brotliCompressSync(new Uint8Array(300 * MIB), { params: { 1: 5 } })),
      300 * MIB,
    ],
  ] as const)(
    'with a page of %s that becomes hundreds of megabytes is refused before that',
    async (codec, body, size) => {
      expect(body.length).toBeLessThan(20_000)
      const pages = [dataPage(body, { values: 1, size })]
      const bytes = smallParquet({ type: 'BYTE_ARRAY', codec: CODEC[codec], rows: 1, pages })
      expect(await outcomeOf(leavesOf(bytes))).toMatch(
        /^UNSUPPORTED_FEATURE: row group 0 .* at most 134217728 are read; limits\.inflationRatio raises that/,
      )
    },
  )

  it('with pages that only together are too much is refused too', async () => {
    const page = dataPage(zeros(400), { values: 1, size: 400 * 131_072 })
    const bytes = smallParquet({
      type: 'BYTE_ARRAY',
      codec: CODEC.zstd,
      rows: 10,
      pages: Array.from({ length: 10 }, () => page),
      nullable: false,
    })
    expect(await outcomeOf(leavesOf(bytes))).toMatch(/limits\.inflationRatio raises that/)
  })

  it('whose dictionary of one long text stands for a million values is refused', async () => {
    const text = new Uint8Array(4 + 1000).fill(0x61)
    new DataView(text.buffer).setUint32(0, 1000, true)
    const dictionary = (rows: number) => {
      const codes = joined([levels(rows, 1), Uint8Array.of(1), run(rows, 0)])
      const pages = [
        dictionaryPage(text, { values: 1 }),
        dataPage(codes, { values: rows, encoding: ENCODING.dictionary }),
      ]
      return smallParquet({ type: 'BYTE_ARRAY', rows, pages })
    }
    expect(await leavesOf(dictionary(50_000))).toBe(50_000)
    expect(await outcomeOf(leavesOf(dictionary(1_000_000)))).toMatch(
      /limits\.inflationRatio raises that/,
    )
    expect(await leavesOf(dictionary(1_000_000), { inflationRatio: 10_000_000 })).toBe(1_000_000)
  })

  it('read by rows is held to its rows without columns as well', async () => {
    const footer = new ThriftWriter().int(1, 2).list(2, 'struct', 1).open().bytes(4, 'root').end()
    footer
      .int(3, 2 ** 26, 'i64')
      .list(4, 'struct', 1)
      .open()
      .list(1, 'struct', 0)
    const bytes = parquetFile(
      new Uint8Array(0),
      footer
        .int(2, 0, 'i64')
        .int(3, 2 ** 26, 'i64')
        .end()
        .finish(),
    )
    const { store, file } = byteStore(bytes)
    expect(await outcomeOf(readParquetRows(store, file))).toMatch(
      /limits\.inflationRatio raises that/,
    )
  })

  it('of a longer footer, or one of more columns, than the limit is refused', async () => {
    const bytes = nulls(10)
    const { store, file } = byteStore(bytes)
    const footer = (budgets: Partial<ReadBudgets>) =>
      outcomeOf(readParquetFooter(withBudgets(store, budgets), file))
    expect(await footer({ footerBytes: 20 })).toMatch(
      /^UNSUPPORTED_FEATURE: a footer of \d+ bytes: .*limits\.footerBytes/,
    )
    expect(await footer({})).toBe('read')
    const elements = 200_000
    const wide = new ThriftWriter().int(1, 2).list(2, 'struct', elements + 1)
    wide.open().bytes(4, 'root').int(5, elements).end()
    for (let i = 0; i < elements; i++) wide.open().int(1, 2).bytes(4, `c${i}`).end()
    const file2 = byteStore(
      parquetFile(new Uint8Array(0), wide.int(3, 0, 'i64').list(4, 'struct', 0).finish()),
    )
    expect(await outcomeOf(readParquetFooter(file2.store, file2.file))).toMatch(
      /^UNSUPPORTED_FEATURE: a footer's schema of 50001 columns: at most 32768 are read; limits\.columns raises that/,
    )
    const raised = withBudgets(file2.store, { columns: 60_000 })
    expect(await outcomeOf(readParquetFooter(raised, file2.file))).toBe('read')
  })
})

describe('thrift', () => {
  it('of nothing but empty structs is refused before it has become as many maps', () => {
    const count = 1_000_000
    const header = new ThriftWriter().list(1, 'struct', count).finish().slice(0, -1)
    expect(outcome(() => readThriftStruct(joined([header, new Uint8Array(count + 1)])))).toMatch(
      /more structs than its bytes are worth/,
    )
  })

  it.each([
    ['a bit beyond 32', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['more than five bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ])('with a length of %s is refused, and not read as another', (_, length) => {
    const bytes = Uint8Array.from([0x18, ...length, 0x00])
    expect(outcome(() => readThriftStruct(bytes))).toMatch(/a number of more than 32 bits/)
  })

  it('with a column whose name is no UTF-8 is refused', async () => {
    const named = (name: string | Uint8Array) => {
      const footer = new ThriftWriter().int(1, 2).list(2, 'struct', 2)
      footer.open().bytes(4, 'root').int(5, 1).end()
      footer.open().int(1, 2).bytes(4, name).end()
      const bytes = footer.int(3, 0, 'i64').list(4, 'struct', 0).finish()
      const { store, file } = byteStore(parquetFile(new Uint8Array(0), bytes))
      return outcomeOf(readParquetFooter(store, file))
    }
    expect(await named('ä')).toBe('read')
    expect(await named(Uint8Array.of(0x69, 0xe4))).toMatch(/^TABLE_CORRUPT: .*no UTF-8/)
  })

  it('whose schema nests without end is refused by the view of a footer', async () => {
    const depth = 50_000
    const footer = new ThriftWriter().int(1, 2).list(2, 'struct', depth)
    for (let i = 0; i < depth; i++) footer.open().bytes(4, 'g').int(5, 1).end()
    const work = viewFooter(footer.list(4, 'struct', 0).finish(), [])
    expect(await outcomeOf(work)).toMatch(/nested too deep/)
  })
})

/** What steps come to. */
function finished(steps: Generator<unknown, Uint8Array>): Uint8Array {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

describe('LZ4', () => {
  it('that ends before its page does is refused, not filled up with zeros', () => {
    const block = Uint8Array.of(0x30, 1, 2, 3)
    expect([...finished(decompressLz4Raw(block, 3))]).toEqual([1, 2, 3])
    expect(outcome(() => finished(decompressLz4Raw(block, 10)))).toMatch(
      /lz4 of 3 bytes, expected 10/,
    )
    expect(outcome(() => finished(decompressLz4(block, 10)))).toMatch(/lz4 of 3 bytes, expected 10/)
  })

  it.each([
    ['a copy from before the beginning', [0x10, 1, 9, 0, 0x00]],
    ['a copy from nowhere', [0x10, 1, 0, 0, 0x00]],
    ['a copy over the end', [0x1f, 1, 1, 0, 255, 0, 0x00]],
    ['literals that are not there', [0xf0, 200, 1]],
    ['a length without an end', [0xff, 255, 255]],
  ])('with %s is refused', (_, bytes) => {
    expect(outcome(() => finished(decompressLz4Raw(Uint8Array.from(bytes), 20)))).toMatch(
      /Error: .*lz4/,
    )
  })
})

describe('an HFile', () => {
  it('whose index names one block many times is refused', async () => {
    const bytes = hfileBytes(
      [
        ['a', new Uint8Array(10)],
        ['b', new Uint8Array(10)],
      ],
      { blockBytes: 1 },
    )
    const source = (content: Uint8Array) => ({
      size: content.length,
      read: async (start: number, end: number) => content.slice(start, end),
    })
    const scan = async (content: Uint8Array) => {
      const found: number[] = []
      for await (const { value } of (await HFile.open(source(content))).scan())
        found.push(value.length)
      return found
    }
    expect(await scan(bytes)).toEqual([10, 10])
    const twice = bytes.slice()
    const index = Buffer.from(twice.buffer).indexOf('IDXROOT2') + 33
    const first = twice.slice(index, index + 12)
    const second = index + 12 + 1 + twice[index + 12]!
    twice.set(first, second)
    expect(await outcomeOf(scan(twice))).toMatch(/^TABLE_CORRUPT: HFile: an index with a block of/)
  })
})
