import { expect, it } from 'vitest'
import { flatnessOf } from './src/load/flatness.js'

const MB = 2 ** 20
const samples = (of: (minute: number) => number) =>
  Array.from({ length: 101 }, (_, i) => ({
    seconds: i * 6,
    rss: of(i / 10) * MB,
    heap: 0,
  }))

it('calls memory flat that grew only while the server became warm', () => {
  const warm = flatnessOf(
    samples(minute => Math.min(200, 100 + 25 * minute)),
    ({ rss }) => rss,
  )
  expect(warm).toEqual({ megabytesPerMinute: 0, growth: 1 })
})

it('tells how fast it grows after that', () => {
  const { megabytesPerMinute, growth } = flatnessOf(
    samples(minute => 100 + 10 * minute),
    ({ rss }) => rss,
  )
  expect(megabytesPerMinute).toBeCloseTo(10)
  expect(growth).toBeGreaterThan(1.3)
})
