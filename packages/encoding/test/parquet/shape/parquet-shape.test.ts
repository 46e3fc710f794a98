import { describe, expect, it } from 'vitest'
import {
  type ParquetShapeNode,
  parquetFields,
  parquetReader,
  parquetShape,
  readParquetFooter,
} from '../../../src/index.js'
import { readSchema } from '../../../src/parquet/schema/parquet-schema.js'
import type { ThriftStruct, ThriftValue } from '../../../src/thrift/thrift.js'
import { byteStore, parquetFixture } from '../../support/byte-store.js'

async function shapeOf(name: string) {
  const { store, file } = byteStore(parquetFixture(`${name}.parquet`))
  return parquetShape(await readParquetFooter(store, file))
}

describe('parquetShape', () => {
  it('says what plain readers of a real file see beside the type', async () => {
    const { columns, encrypted, codecs } = await shapeOf('types-snappy')
    expect({ encrypted, codecs }).toEqual({ encrypted: false, codecs: ['snappy'] })
    const annotated = columns.filter(({ annotation }) => annotation !== undefined)
    expect(Object.fromEntries(annotated.map(each => [each.name, each.annotation]))).toEqual({
      i8: 'int8',
      i16: 'int16',
      u8: 'uint8',
      u16: 'uint16',
      u32: 'uint32',
      u64: 'uint64',
      f16: 'float16',
      fixed: 'fixed',
      time_ms: 'time',
      time_us: 'time',
      ts_ms: 'timestamp_millis',
      ts_ns: 'timestamp_nanos',
    })
    expect((await shapeOf('int96')).columns[0]).toMatchObject({ annotation: 'int96' })
  })

  it('knows columns that are encrypted under a plain footer', async () => {
    const inTable = (name: string) => `../real/parquet/${name}/table/a`
    expect((await shapeOf(inTable('encrypted-columns'))).encrypted).toBe(true)
    await expect(shapeOf(inTable('encrypted-footer'))).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it.each([
    ['null', { 1: 1, 10: { 11: {} } }, { kind: 'opaque', name: 'void' }, 'null'],
    ['enum', { 1: 6, 6: 4 }, 'string', 'enum'],
    ['json', { 1: 6, 10: { 12: {} } }, 'string', 'json'],
    ['bson', { 1: 6, 6: 20 }, 'binary', 'bson'],
    ['uuid', { 1: 7, 2: 16, 10: { 14: {} } }, 'uuid', 'uuid'],
    ['interval', { 1: 7, 2: 12, 6: 21 }, { kind: 'opaque', name: 'interval' }, 'interval'],
    [
      'time of nanoseconds',
      { 1: 2, 10: { 7: { 1: false, 2: { 3: {} } } } },
      { kind: 'opaque', name: 'time_ns' },
      'time_nanos',
    ],
    [
      'decimal of 50 digits',
      { 1: 7, 2: 21, 6: 5, 7: 2, 8: 50 },
      { kind: 'decimal', precision: 50, scale: 2 },
      'decimal>38',
    ],
    [
      'decimal in 32 bits',
      { 1: 1, 6: 5, 7: 2, 8: 9 },
      { kind: 'decimal', precision: 9, scale: 2 },
      undefined,
    ],
    ['geometry', { 1: 6, 10: { 17: {} } }, 'binary', 'geometry'],
    ['text', { 1: 6, 6: 0 }, 'string', undefined],
    ['bytes', { 1: 6 }, 'binary', undefined],
  ] as const)('annotates %s', (_, element, type, annotation) => {
    const [column] = shapeOfElements(group('root', 1), { 3: 1, 4: 'c', ...element })
    expect(column).toEqual({
      name: 'c',
      element: 1,
      kind: 'leaf',
      nullable: true,
      type,
      ...(annotation !== undefined && { annotation }),
      children: [],
    })
  })

  const LIST = { 6: 3 }
  const INT = { 1: 1, 3: 1 }
  it.each([
    [
      'three levels',
      [group('c', 1, LIST), group('list', 1, { 3: 2 }), { 4: 'element', ...INT }],
      'list(element optional leaf)',
    ],
    [
      'three levels of other names',
      [group('c', 1, LIST), group('bag', 1, { 3: 2 }), { 4: 'array_element', ...INT }],
      'list(array_element optional leaf)',
    ],
    [
      'two levels of a primitive',
      [group('c', 1, LIST), { 4: 'array', 1: 1, 3: 2 }],
      'list(array leaf)',
    ],
    [
      'two levels of a group',
      [group('c', 1, LIST), group('element', 2, { 3: 2 }), { 4: 'a', ...INT }, { 4: 'b', ...INT }],
      'list(element struct(a optional leaf, b optional leaf))',
    ],
    [
      'a group of one named array',
      [group('c', 1, LIST), group('array', 1, { 3: 2 }), { 4: 'a', ...INT }],
      'list(array struct(a optional leaf))',
    ],
    [
      'a group of one named as a tuple',
      [group('c', 1, LIST), group('c_tuple', 1, { 3: 2 }), { 4: 'a', ...INT }],
      'list(c_tuple struct(a optional leaf))',
    ],
    [
      'a repeated group of a repeated field',
      [group('c', 1, LIST), group('x', 1, { 3: 2 }), { 4: 'a', 1: 1, 3: 2 }],
      'list(x struct(a list(a leaf)))',
    ],
    ['a bare repeated field', [{ 4: 'c', 1: 1, 3: 2 }], 'list(c leaf)'],
    [
      'a bare repeated group',
      [group('c', 1, { 3: 2 }), { 4: 'a', ...INT }],
      'list(c struct(a optional leaf))',
    ],
    [
      'a map',
      [
        group('c', 1, { 6: 1 }),
        group('key_value', 2, { 3: 2 }),
        { 4: 'key', 1: 1, 3: 0 },
        { 4: 'value', ...INT },
      ],
      'map(key leaf, value optional leaf)',
    ],
    [
      'a map of the older annotation',
      [
        group('c', 1, { 6: 2 }),
        group('map', 2, { 3: 2 }),
        { 4: 'k', 1: 1, 3: 0 },
        { 4: 'v', ...INT },
      ],
      'map(k leaf, v optional leaf)',
    ],
    [
      'a map without annotation',
      [
        group('c', 1, {}),
        group('key_value', 2, { 3: 2 }),
        { 4: 'key', 1: 1, 3: 0 },
        { 4: 'value', ...INT },
      ],
      'struct(key_value list(key_value struct(key leaf, value optional leaf)))',
    ],
  ] as const)('reads %s', (_, elements, expected) => {
    const [column] = shapeOfElements(group('root', 1), ...elements)
    expect(spelled(column!)).toBe(expected)
  })

  it('agrees with the fields of the same file', async () => {
    for (const name of ['types-snappy', 'nested', 'int96']) {
      const { store, file } = byteStore(parquetFixture(`${name}.parquet`))
      const footer = await readParquetFooter(store, file)
      const names = parquetFields(footer).map(({ physicalName }) => physicalName)
      expect(parquetShape(footer).columns.map(column => column.name)).toEqual(names)
    }
  })
})

describe('a logical type', () => {
  it('over values that cannot have it is refused', () => {
    const text = (physical: number) => ({ 1: physical, 3: 1, 4: 'a', 10: { 1: {} } })
    for (const physical of [0, 1, 2, 3, 4, 5]) {
      expect(() => shapeOfElements(group('root', 1), text(physical))).toThrow(/leaf a is string/)
    }
    expect(shapeOfElements(group('root', 1), text(6))[0]!.type).toBe('string')
    const date = (physical: number) => ({ 1: physical, 2: 4, 3: 1, 4: 'a', 6: 6 })
    for (const physical of [0, 4, 5, 6, 7]) {
      expect(() => shapeOfElements(group('root', 1), date(physical))).toThrow(/leaf a is date/)
    }
    expect(shapeOfElements(group('root', 1), date(1))[0]!.type).toBe('date')
    const decimal = (physical: number) => ({ 1: physical, 2: 4, 3: 1, 4: 'a', 6: 5, 7: 2, 8: 9 })
    for (const physical of [0, 3, 4, 5]) {
      expect(() => shapeOfElements(group('root', 1), decimal(physical))).toThrow(/a is decimal/)
    }
    for (const physical of [1, 2, 6, 7]) {
      expect(shapeOfElements(group('root', 1), decimal(physical))[0]!.type).toMatchObject({
        scale: 2,
      })
    }
  })
})

describe('a converted type', () => {
  const typed = (converted: number) => ({ 1: 6, 3: 1, 4: 'a', 6: converted })

  it('that does not exist is refused, where no logical type says what the values are', () => {
    expect(() => shapeOfElements(group('root', 1), typed(22))).toThrow(
      /unknown converted type \(22\)/,
    )
    expect(() => shapeOfElements(group('root', 1), typed(-3))).toThrow(/unknown converted type/)
    const [named] = shapeOfElements(group('root', 1), { ...typed(22), 10: { 1: {} } })
    expect(named!.type).toBe('string')
  })

  it('of nothing but nulls, as early writers have it, leaves the bytes', () => {
    expect(shapeOfElements(group('root', 1), typed(25))[0]!.type).toBe('binary')
  })
})

describe('the calendar of INT96', () => {
  const int96 = { 1: 3, 3: 1, 4: 'ts' }
  const annotationOf = (
    keyValue: Readonly<Record<string, string>>,
    marked: readonly number[] = [],
  ) => {
    const { root, leaves } = readSchema([group('root', 1), int96].map(thrift))
    const footer = { root, leaves, encrypted: false, codecs: [] }
    const calendar = { keyValue: new Map(Object.entries(keyValue)), oldCalendar: new Set(marked) }
    return parquetShape({ ...footer, ...calendar }).columns[0]!.annotation
  }

  it('is the new one, or told by the age of its writer, or by its footer', () => {
    expect(annotationOf({})).toBe('int96')
    expect(annotationOf({ 'org.apache.spark.version': '3.5.0' })).toBe('int96')
    expect(annotationOf({ 'org.apache.spark.version': '2.4.8' })).toBe('aged_int96')
    expect(annotationOf({ 'org.apache.spark.version': '3.0.3' })).toBe('aged_int96')
    const marks = { 'org.apache.spark.version': '3.5.0', 'org.apache.spark.legacyINT96': '' }
    expect(annotationOf(marks, [0])).toBe('old_int96')
  })
})

interface Element {
  readonly [id: number]: string | number | boolean | Element
}

function group(name: string, children: number, more: Element = {}): Element {
  return { 3: 1, 4: name, 5: children, ...more }
}

function shapeOfElements(...elements: readonly Element[]): readonly ParquetShapeNode[] {
  const { root, leaves } = readSchema(elements.map(thrift))
  const rest = { keyValue: new Map(), oldCalendar: new Set<number>(), encrypted: false, codecs: [] }
  return parquetShape({ root, leaves, ...rest }).columns
}

/** A SchemaElement of parquet.thrift, by field ids. */
function thrift(element: Element): ThriftStruct {
  return new Map(Object.entries(element).map(([id, value]) => [Number(id), thriftValue(value)]))
}

function thriftValue(value: Element[number]): ThriftValue {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  return typeof value === 'object' ? thrift(value) : value
}

function spelled({ kind, children }: ParquetShapeNode): string {
  if (kind === 'leaf') return kind
  const inner = children.map(
    child => `${child.name} ${child.nullable ? 'optional ' : ''}${spelled(child)}`,
  )
  return `${kind}(${inner.join(', ')})`
}

it('calls pages that it has no key for unsupported, and not corrupt', async () => {
  const { store, file } = byteStore(
    parquetFixture('../real/parquet/encrypted-columns/table/a.parquet'),
  )
  const read = parquetReader().read(store, file, { leaves: [['s']] })
  await expect(read[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringContaining('encrypted'),
  })
})
