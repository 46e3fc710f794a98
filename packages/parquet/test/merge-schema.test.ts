import { type DataType, type Field, readValue, typeName } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { keepingCache, parquetFooterFile, parquetPlain } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

function field(id: number, name: string, type: DataType): Field {
  return { id, name, physicalName: name, type, nullable: true }
}

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})
const struct = (...fields: readonly Field[]): DataType => ({ kind: 'struct', fields })
const VOID: DataType = { kind: 'opaque', name: 'void' }
const list = (type: DataType): DataType => ({ kind: 'list', element: field(90, 'element', type) })

/** The schema of a folder with one file of each schema. */
async function merged(...files: readonly (readonly Field[])[]) {
  const objects = files.map((fields, i): [string, Uint8Array] => {
    const bytes = parquetFooterFile(fields, [{ rowCount: 1, columns: new Map() }])
    return [`s3://b/t/${i}.parquet`, bytes]
  })
  const reader = parquetTableReader({ store: memoryStore({ objects }), cache: keepingCache() })
  return reader.snapshot({ location: 's3://b/t' })
}

function spelled(type: DataType): string {
  if (typeof type === 'object' && type.kind === 'struct') {
    return `{${type.fields.map(each => `${each.name} ${spelled(each.type)}`).join(', ')}}`
  }
  if (typeof type === 'object' && type.kind === 'list') return `[${spelled(type.element.type)}]`
  return typeName(type)
}

describe('moments of one column', () => {
  it.each<[DataType, DataType, string]>([
    ['timestamp_ns', 'timestamp', 'timestamp'],
    ['timestamp', 'timestamp_ns', 'timestamp'],
    ['timestamptz_ns', 'timestamptz', 'timestamptz'],
    [list('timestamptz'), list('timestamptz_ns'), '[timestamptz]'],
  ])('%j and %j become microseconds, without widening', async (a, b, type) => {
    const snapshot = await merged([field(1, 'c', a)], [field(1, 'c', b)])
    expect(snapshot.schema.fields.map(each => spelled(each.type))).toEqual([type])
    expect([...snapshot.features]).toEqual([])
  })

  it.each<[DataType, DataType]>([
    ['timestamp_ns', 'timestamptz_ns'],
    ['timestamp_ns', 'timestamptz'],
    ['timestamptz_ns', 'date'],
  ])('%j and %j are no one type', async (a, b) => {
    await expect(merged([field(1, 'c', a)], [field(1, 'c', b)])).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('tells bounds of nanoseconds in microseconds, rounded outwards', async () => {
    const c = field(1, 'c', 'timestamp_ns')
    const bound = {
      nullCount: 0,
      min: parquetPlain(-1n, 'timestamp_ns'),
      max: parquetPlain(1001n, 'timestamp_ns'),
    }
    const objects = [
      parquetFooterFile([c], [{ rowCount: 2, columns: new Map([[1, bound]]) }]),
      parquetFooterFile([field(1, 'c', 'timestamp')], [{ rowCount: 1, columns: new Map() }]),
    ].map((bytes, i): [string, Uint8Array] => [`s3://b/t/${i}.parquet`, bytes])
    const reader = parquetTableReader({ store: memoryStore({ objects }), cache: keepingCache() })
    const snapshot = await reader.snapshot({ location: 's3://b/t' })
    const [handle] = snapshot.files.handles
    const { batch, live } = await handle!.load()
    const found = await batch.readStats([[snapshot.schema.fields[0]!]], live)
    const [column] = found.columns.get(snapshot.schema.fields[0]!.id)!
    expect(readValue(column!.lower!, 0, 'timestamp')).toBe(-1n)
    expect(readValue(column!.upper!, 0, 'timestamp')).toBe(2n)
  })
})

describe('columns of one name', () => {
  it.each<[DataType, DataType, string]>([
    ['int', 'long', 'long'],
    ['long', 'int', 'long'],
    ['int', 'double', 'double'],
    ['float', 'double', 'double'],
    [decimal(6, 2), decimal(12, 4), 'decimal(12,4)'],
    [decimal(10, 0), decimal(4, 3), 'decimal(13,3)'],
    [struct(field(2, 'x', 'int')), struct(field(2, 'x', 'long')), '{x long}'],
    [struct(field(2, 'x', 'int')), struct(field(2, 'y', 'string')), '{x int, y string}'],
    [list('int'), list('long'), '[long]'],
    ['long', decimal(20, 0), 'decimal(20,0)'],
    [decimal(12, 2), 'int', 'decimal(12,2)'],
  ])('%j and %j become one type that holds both', async (a, b, type) => {
    const snapshot = await merged([field(1, 'c', a)], [field(1, 'c', b)])
    expect(snapshot.schema.fields.map(each => spelled(each.type))).toEqual([type])
  })

  it.each<[DataType, DataType, string]>([
    [VOID, 'string', 'string'],
    ['string', VOID, 'string'],
    [VOID, list('long'), '[long]'],
    [list(VOID), list('date'), '[date]'],
    [list(VOID), VOID, '[int]'],
    [struct(field(2, 'x', VOID)), struct(field(2, 'x', decimal(9, 2))), '{x decimal(9,2)}'],
    [VOID, struct(field(2, 'x', VOID)), '{x int}'],
    [VOID, VOID, 'int'],
  ])('%j and %j become one type without widening', async (a, b, type) => {
    const snapshot = await merged([field(1, 'c', a)], [field(1, 'c', b)])
    expect(snapshot.schema.fields.map(each => spelled(each.type))).toEqual([type])
    expect([...snapshot.features]).toEqual([])
    expect(snapshot.schema.fields[0]!.earlierTypes).toBeUndefined()
  })

  it.each<[DataType, DataType]>([
    ['long', 'double'],
    ['long', 'float'],
    ['int', 'float'],
    ['int', 'string'],
    ['string', 'binary'],
    ['date', 'timestamp'],
    ['timestamp', 'timestamptz'],
    ['boolean', 'int'],
    [decimal(38, 0), decimal(38, 10)],
    [decimal(20, 2), 'long'],
    ['int', struct(field(2, 'x', 'int'))],
    [list('int'), 'int'],
    [struct(field(2, 'x', 'int')), struct(field(2, 'x', 'string'))],
  ])('%j and %j are refused, naming both files', async (a, b) => {
    await expect(merged([field(1, 'c', a)], [field(1, 'c', b)])).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(/^column c.* in some files and .* in others/),
      context: { path: 's3://b/t/1.parquet', expected: 's3://b/t/0.parquet' },
    })
  })
})

describe('columns', () => {
  it('that a file lacks are null there, wherever they stand', async () => {
    const a = field(1, 'a', 'int')
    const b = field(2, 'b', 'string')
    const snapshot = await merged([a], [b, a])
    expect(snapshot.schema.fields.map(({ name, nullable }) => [name, nullable])).toEqual([
      ['a', true],
      ['b', true],
    ])
    const { batch, live } = await snapshot.files.handles[0]!.load()
    const path = snapshot.schema.find(['b'])!
    const { columns } = await batch.readStats([path], live)
    // Nulls alone in the file without it, anything in the other.
    expect([...columns.get(path[0].id)![0]!.holds!]).toEqual([2, 3])
  })

  it.each<[readonly Field[], readonly Field[]]>([
    [[field(1, 'Id', 'int')], [field(1, 'id', 'int')]],
    [[field(1, 's', struct(field(2, 'X', 'int')))], [field(1, 's', struct(field(2, 'x', 'int')))]],
  ])('that differ in case alone are refused', async (a, b) => {
    await expect(merged(a, b)).rejects.toThrow(/differ in case alone/)
  })
})
