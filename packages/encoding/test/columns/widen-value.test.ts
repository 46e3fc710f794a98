import type { DataType, Value } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { widenValue } from '../../src/index.js'

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})

describe('widenValue', () => {
  it.each<[Value, DataType, DataType, Value | undefined]>([
    [7, 'int', 'long', 7n],
    [7, 'int', 'double', 7],
    [7, 'int', decimal(10, 2), 700n],
    [7, 'int', 'float', undefined],
    [2n ** 53n, 'long', 'double', 2 ** 53],
    [2n ** 53n + 1n, 'long', 'double', undefined],
    [-3n, 'long', decimal(20, 1), -30n],
    [5n, 'long', 'int', undefined],
    [1.5, 'float', 'double', 1.5],
    [1.5, 'double', 'float', undefined],
    [1, 'date', 'timestamp', 86_400_000_000n],
    [1, 'date', 'timestamptz', undefined],
    [125n, decimal(5, 2), decimal(8, 4), 12_500n],
    [125n, decimal(5, 2), decimal(8, 1), undefined],
    [1n, 'timestamp', 'timestamptz', 1n],
    [1n, 'timestamp', 'timestamp_ns', 1000n],
    [1n, 'timestamp_ns', 'timestamp', undefined],
    ['é', 'string', 'binary', Uint8Array.of(0xc3, 0xa9)],
    [Uint8Array.of(0x61), 'binary', 'string', 'a'],
    [Uint8Array.of(0xff), 'binary', 'string', undefined],
    ['a', 'string', 'int', undefined],
  ])('reads %s of %j as %j: %s', (value, from, to, expected) => {
    expect(widenValue(value, from, to)).toEqual(expected)
  })
})
