import { expect, it } from 'vitest'
import { ShapeTable } from '../../../src/parquet/shape/shape-table.js'

const file = (index: number) => ({ path: `s3://b/t/day=${index % 7}/part-${index}`, size: 100 })

it('knows every file that it was told of, by path and size', () => {
  const table = new ShapeTable(100_000)
  for (let i = 0; i < 30_000; i++) table.set(file(i), i % 5)
  for (let i = 0; i < 30_000; i++) expect(table.get(file(i))).toBe(i % 5)
  expect(table.get(file(30_000))).toBeUndefined()
  expect(table.get({ ...file(1), size: 101 })).toBeUndefined()
})

it('takes the newer word on a file', () => {
  const table = new ShapeTable(10)
  table.set(file(1), 1)
  table.set(file(1), 2)
  expect(table.get(file(1))).toBe(2)
})

it('forgets the oldest that nobody asked for', () => {
  const table = new ShapeTable(200)
  for (let i = 0; i < 1000; i++) {
    table.set(file(i), i)
    table.get(file(0))
  }
  expect(table.get(file(0))).toBe(0)
  expect(table.get(file(999))).toBe(999)
  expect(table.get(file(500))).toBeUndefined()
})

it('does not grow beyond what it may hold', () => {
  const table = new ShapeTable(10_000)
  for (let i = 0; i < 100_000; i++) table.set(file(i), 0)
  expect(table.byteLength).toBeLessThan(10_000 * 50)
})
