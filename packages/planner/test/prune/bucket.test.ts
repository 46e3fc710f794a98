import type { DataType, Value } from '@spillway/core'
import { expect, it } from 'vitest'
import { bucketOf, murmur3 } from '../../src/prune/bucket.js'

const utf8 = new TextEncoder()
const HASH_RANGE = 2 ** 31

/** Iceberg spec, Appendix B, "32-bit Hash Requirements": the hash, so the bucket out of 2^31 is its lower 31 bits. */
it.each<readonly [string, Value, DataType, number]>([
  ['int', 34, 'int', 2017239379],
  ['long', 34n, 'long', 2017239379],
  ['decimal', 1420n, { kind: 'decimal', precision: 9, scale: 2 }, -500754589],
  ['date', 17486, 'date', -653330422],
  ['time', 81068000000n, 'time', -662762989],
  ['timestamp', 1510871468000000n, 'timestamp', -2047944441],
  ['timestamp with micros', 1510871468000001n, 'timestamp', -1207196810],
  ['timestamptz', 1510871468000000n, 'timestamptz', -2047944441],
  ['timestamp_ns', 1510871468000001001n, 'timestamp_ns', -1207196810],
  ['string', 'iceberg', 'string', 1210000089],
  [
    'uuid',
    Uint8Array.from(Buffer.from('f79c3e09677c4bbda4793f349cb785e7', 'hex')),
    'uuid',
    1488055340,
  ],
  ['fixed', Uint8Array.of(0, 1, 2, 3), { kind: 'fixed', length: 4 }, -188683207],
  ['binary', Uint8Array.of(0, 1, 2, 3), 'binary', -188683207],
])('hashes a %s as the specification says', (_, value, type, hash) => {
  expect(bucketOf(value, type, HASH_RANGE)).toBe(hash & 0x7fffffff)
})

it.each<readonly [DataType, Value]>([
  ['float', 1],
  ['double', 1],
  ['boolean', true],
])('has no bucket for a %s', (type, value) => {
  expect(bucketOf(value, type, 16)).toBeUndefined()
})

it.each([
  ['', 0],
  ['a', 1009084850],
  ['ab', -1681926305],
  ['abc', -1277324294],
  ['abcd', 1139631978],
])('hashes %j byte by byte', (text, hash) => {
  expect(murmur3(utf8.encode(text)) | 0).toBe(hash)
})

it.each([
  [-1n, 'ff'],
  [-128n, '80'],
  [-129n, 'ff7f'],
  [127n, '7f'],
  [128n, '0080'],
  [0n, '00'],
])('hashes the decimal %s as its least bytes', (unscaled, hex) => {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
  const type: DataType = { kind: 'decimal', precision: 38, scale: 0 }
  expect(bucketOf(unscaled, type, HASH_RANGE)).toBe(murmur3(bytes) & 0x7fffffff)
})
