import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { decodeLine } from '../../src/actions/decode.js'
import { partitionFields } from '../../src/capabilities/partition-fields.js'
import { deltaLines } from '../../src/lines/encode-delta.js'
import { parquetLines } from '../../src/lines/encode-parquet.js'
import type { LineOptions, WireFile } from '../../src/lines/line-options.js'
import { dataFile, deltaTable, field } from '../support/tables.js'

const metadata = deltaTable({
  fields: [field(1, 'id', 'long'), field(2, 'day', 'date', 'col-2')],
  partitionColumns: ['day'],
})
const options: LineOptions = {
  metadata,
  idScheme: 'parquet',
  partitionFields: partitionFields(metadata),
  asRecorded: true,
}
const delta = { partitionValues: new Map([['col-2', '2026-01-03']]), stats: '{"numRecords":10}' }
const signed: WireFile = {
  file: dataFile({ delta }),
  url: 'https://host/f?a="b"&X-Amz-Signature=1',
  expiresAt: 1767403600000,
}
const at = { version: 9007199254740993n, timestamp: 1767400000000 }

function encodeDeltaFile(action: 'add' | 'remove' | 'cdc', file: WireFile, given: LineOptions) {
  return deltaLines(given)(action, file)
}

function encodeParquetFile(kind: 'file' | 'remove', file: WireFile, given: LineOptions): string {
  return parquetLines(given)(kind, file)
}

function hash(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex')
}

it('31, 35: writes a parquet line with logical partition names and an MD5 id', () => {
  const line = encodeParquetFile('file', signed, options)
  expect(JSON.parse(line)).toEqual({
    file: {
      url: signed.url,
      id: hash('md5', 'day=1/part-0.parquet'),
      partitionValues: { day: '2026-01-03' },
      size: 573,
      // The recorded text is under physical names: it is written anew.
      stats: '{"numRecords":10,"tightBounds":false}',
      expirationTimestamp: 1767403600000,
    },
  })
  expect(line.endsWith('}\n')).toBe(true)
})

it('keeps every digit of a version', () => {
  const line = encodeParquetFile('remove', signed, { ...options, at })
  expect(decodeLine(line, 1)).toMatchObject({ kind: 'remove', file: { version: at.version } })
  expect(line).not.toContain('"stats"')
})

it('49: an unpartitioned file has an empty map of partition values', () => {
  const plain = deltaTable()
  const line = encodeParquetFile('file', signed, {
    ...options,
    metadata: plain,
    partitionFields: [],
  })
  expect(JSON.parse(line).file.partitionValues).toEqual({})
})

it('spells a partition value of another format with the sign of its zero', () => {
  const table = deltaTable({ fields: [field(1, 'x', 'double')], partitionColumns: ['x'] })
  const spelled = [-0, 0, -1.5].map(value => {
    const file = { ...signed, file: dataFile({ partition: [value] }) }
    const given = { ...options, metadata: table, partitionFields: partitionFields(table) }
    return JSON.parse(encodeParquetFile('file', file, given)).file.partitionValues.x
  })
  expect(spelled).toEqual(['-0.0', '0', '-1.5'])
})

it('57: writes a complete add action under its recorded names', () => {
  const line = JSON.parse(encodeDeltaFile('add', signed, { ...options, idScheme: 'delta' }))
  expect(line.file.id).toBe(hash('sha256', 'day=1/part-0.parquet'))
  expect(line.file.deltaSingleAction.add).toEqual({
    path: signed.url,
    partitionValues: { 'col-2': '2026-01-03' },
    size: 573,
    modificationTime: 1767400000000,
    dataChange: true,
    stats: '{"numRecords":10}',
  })
})

it('the second listing of a file has an id of its own and, in a log, a path of its own', () => {
  const again = { ...signed, listing: 2 }
  const plain = JSON.parse(encodeParquetFile('file', again, options)).file
  expect(plain.id).not.toBe(hash('md5', 'day=1/part-0.parquet'))
  expect(plain.url).toBe(signed.url)
  const { file } = JSON.parse(encodeDeltaFile('add', again, { ...options, idScheme: 'delta' }))
  expect(file.id).not.toBe(hash('sha256', 'day=1/part-0.parquet'))
  expect(file.deltaSingleAction.add.path).toBe(`${signed.url}#2`)
})

it('57: a vector on disk travels as its signed URL, from the length before the bitmap', () => {
  const vector = {
    kind: 'deletion-vector',
    id: 'uabc@1',
    bitmap: { path: 'file:///t/dv.bin', offset: 5, length: 36 },
    cardinality: 2,
  } as const
  const line = encodeDeltaFile(
    'add',
    { ...signed, vector: { vector, url: 'https://host/dv' } },
    { ...options, idScheme: 'delta' },
  )
  const { file } = JSON.parse(line)
  expect(file.deletionVectorFileId).toBe(hash('sha256', 'uabc@1'))
  expect(file.deltaSingleAction.add.deletionVector).toEqual({
    storageType: 'p',
    pathOrInlineDv: 'https://host/dv',
    offset: 1,
    sizeInBytes: 36,
    cardinality: 2,
  })
})

// The specification's own example of an inline vector: PROTOCOL.md, "Deletion Vector Descriptor Schema".
it('57: an inline vector travels as the log spells it', () => {
  const text = '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L'
  const bytes = z85Decode(text).subarray(0, 40)
  const vector = { kind: 'deletion-vector', id: `i${text}`, bitmap: bytes, cardinality: 6 } as const
  const { file } = JSON.parse(encodeDeltaFile('add', { ...signed, vector: { vector } }, options))
  expect(file.deletionVectorFileId).toBeUndefined()
  expect(file.deltaSingleAction.add.deletionVector).toEqual({
    storageType: 'i',
    pathOrInlineDv: text.slice(0, 50),
    sizeInBytes: 40,
    cardinality: 6,
  })
})

it('70: change files say what Delta’s reader asks of them', () => {
  const text = (action: 'remove' | 'cdc') =>
    JSON.parse(encodeDeltaFile(action, signed, { ...options, at: { version: 4n, timestamp: 7 } }))
      .file
  expect(text('cdc')).toMatchObject({
    version: 4,
    timestamp: 7,
    deltaSingleAction: { cdc: { dataChange: false, size: 573 } },
  })
  expect(text('remove').deltaSingleAction.remove).toMatchObject({
    size: 573,
    deletionTimestamp: 7,
    dataChange: true,
    extendedFileMetadata: true,
  })
})

it('writes statistics from bounds where the table has no such text', () => {
  const file = dataFile({
    recordCount: 4,
    bounds: new Map([
      [1, { lower: -9007199254740993n, upper: 9007199254740993n, nullCount: 1 }],
      [2, { lower: -1, upper: 20456, nullCount: 0 }],
    ]),
  })
  const line = encodeParquetFile('file', { ...signed, file }, options)
  const { stats } = JSON.parse(line).file
  expect(stats).toBe(
    '{"numRecords":4,"tightBounds":false,"minValues":{"id":-9007199254740993,"day":"1969-12-31"},"maxValues":{"id":9007199254740993,"day":"2026-01-03"},"nullCount":{"id":1,"day":0}}',
  )
})

it.each(['\ufffd', '\\ufffd'])('writes statistics anew whose maximum ends in %j', mark => {
  const stats = `{"numRecords":1,"maxValues":{"s":"x${mark}"}}`
  const file = dataFile({
    recordCount: 1,
    bounds: new Map([[1, { upper: 'y' }]]),
    delta: { partitionValues: new Map(), stats },
  })
  const named = deltaTable({ fields: [field(1, 's', 'string')] })
  const own = { ...options, metadata: named, partitionFields: [] }
  const add = JSON.parse(encodeDeltaFile('add', { ...signed, file }, own))
  const parquet = JSON.parse(encodeParquetFile('file', { ...signed, file }, own))
  const written = '{"numRecords":1,"tightBounds":false,"maxValues":{"s":"y"}}'
  expect(add.file.deltaSingleAction.add.stats).toBe(written)
  expect(parquet.file.stats).toBe(written)
})

function z85Decode(text: string): Uint8Array {
  const alphabet =
    '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
  const bytes: number[] = []
  for (let start = 0; start + 5 <= text.length; start += 5) {
    let word = 0
    for (const character of text.slice(start, start + 5))
      word = word * 85 + alphabet.indexOf(character)
    bytes.push((word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255)
  }
  return Uint8Array.from(bytes)
}
