import { DEFAULT_BUDGETS } from '@spillway/core'
import { describe, expect, test } from 'vitest'
import { Inflation } from '../../../src/compression/inflation.js'
import { decompressLz4Raw } from '../../../src/compression/lz4.js'
import {
  readDeltaLengths,
  readDeltaPacked,
  readDeltaPrefixed,
} from '../../../src/parquet/values/delta-encoding.js'
import { appendTaken, BytesBuffer } from '../../../src/parquet/values/value-buffer.js'
import { finished } from '../../support/finished.js'

const MANY = 200_000

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]
}

/** DELTA_BINARY_PACKED of `count` values, each `delta` more than the one before. */
function packed(count: number, first: number, delta: number): number[] {
  const block = [...varint(delta * 2), 0, 0, 0, 0]
  const blocks = Math.ceil((count - 1) / 128)
  const header = [...varint(128), 4, ...varint(count), ...varint(first * 2)]
  return [...header, ...Array.from({ length: blocks }, () => block).flat()]
}

function runOf(bytes: Uint8Array) {
  return { bytes, at: 0, end: bytes.length }
}

describe('one page of very many values is decoded in steps', () => {
  test('numbers as deltas', () => {
    const run = runOf(Uint8Array.from(packed(MANY, 7, 3)))
    const { value, steps } = finished(readDeltaPacked(run, MANY, 64))
    expect(value.length).toBe(MANY)
    expect(value[MANY - 1]).toBe(BigInt(7 + 3 * (MANY - 1)))
    expect(steps).toBeGreaterThan(20)
  })

  test.each([
    ['after their lengths', readDeltaLengths, packed(MANY, 1, 0), 30],
    ['that share a prefix', readDeltaPrefixed, [...packed(MANY, 0, 0), ...packed(MANY, 1, 0)], 50],
  ] as const)('texts %s', (_, decode, head, least) => {
    const bytes = new Uint8Array(head.length + MANY).fill(0x61)
    bytes.set(head)
    const into = new BytesBuffer()
    const { steps } = finished(decode(runOf(bytes), MANY, into))
    expect(into.length).toBe(MANY)
    expect(steps).toBeGreaterThan(least)
  })

  test('texts of a dictionary, and long ones in more of them', () => {
    for (const [length, least] of [
      [1, 10],
      [1000, 150],
    ] as const) {
      const dictionary = new BytesBuffer()
      dictionary.append(new Uint8Array(length).fill(0x61))
      const into = new BytesBuffer()
      const { steps } = finished(appendTaken(dictionary.finish(), new Uint32Array(MANY), into))
      expect(into.length).toBe(MANY)
      expect(steps).toBeGreaterThan(least)
    }
  })

  test('one copy of LZ4 that is megabytes long', () => {
    const length = 8 * 2 ** 20
    const more = length - 4 - 15
    const block = [0x1f, 0x61, 1, 0, ...new Array(Math.floor(more / 255)).fill(255), more % 255]
    // The last sequence has literals alone.
    const { value, steps } = finished(
      decompressLz4Raw(Uint8Array.from([...block, 0x10, 0x62]), length + 2),
    )
    expect(value.subarray(0, -1).every(byte => byte === 0x61)).toBe(true)
    expect(value.at(-1)).toBe(0x62)
    expect(steps).toBeGreaterThan(6)
  })
})

test('texts are asked room for as they come, whatever is set aside for more of them', () => {
  const room = new Inflation(DEFAULT_BUDGETS, { what: 'a row group', storedBytes: 6455 })
  const into = new BytesBuffer(0, room, 1_000_000)
  const prefix = 8 * 2 ** 20
  into.append(new Uint8Array(prefix))
  const rest = new Uint8Array(1)
  expect(() => {
    for (let i = 0; i < 40; i++) into.append(rest, prefix)
  }).toThrow(/takes memory/)
})
