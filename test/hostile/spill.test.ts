import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BatchSpill,
  type Column,
  type DataFile,
  isTableError,
  isValid,
  readBytes,
  type StatsTable,
} from '@spillway/core'
import { planScan } from '@spillway/planner'
import { spillFolder } from '@spillway/storage'
import { quickOr, Random, spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readerFor } from './src/answer.js'
import { BYTE_MUTATORS } from './src/byte-mutators.js'
import { overlayStore } from './src/overlay-store.js'
import { comparePathBytes } from './src/path-order.js'
import { type BenchTable, benchTables } from './src/tables.js'

/** Formats whose decoded parts outlive the process. */
const SPILLED = ['delta']

const root = mkdtempSync(join(tmpdir(), 'spill-bench-'))
afterAll(() => rmSync(root, { recursive: true }))

const open = (folder: string) => spillFolder({ folder, maxBytes: 1e9, maker: 'bench' })

/** All that is told of a table: its files in full, and the statistics of its first columns. */
async function told(table: BenchTable, spill?: BatchSpill): Promise<string> {
  const objects = table.objects()
  const order = [...objects.keys()].sort(comparePathBytes)
  const reader = readerFor(table, overlayStore(objects, new Map(), order), spill)
  try {
    const snapshot = await reader.snapshot(table.source)
    const columns = snapshot.schema.fields.slice(0, 6).map(field => [field] as const)
    const found: unknown[] = []
    for await (const { files, selection } of planScan(snapshot)) {
      const { batch } = files
      const stats = columns.length === 0 ? batch.stats : await batch.readStats(columns, selection)
      const each = await files.files(selection)
      found.push(...each.map((file, i) => [fileText(file), statsText(stats, selection[i]!)]))
      found.push([...((await files.deletedCounts?.(selection)) ?? [])].map(String))
      found.push(Array.from(selection, row => String(batch.key[row])))
    }
    return text(found)
  } catch (error) {
    if (isTableError(error)) return `${error.code} ${error.message}`
    throw error
  }
}

const fileText = ({ bounds: _, ...file }: DataFile) => file

function statsText({ columns, recordCount }: StatsTable, row: number) {
  const values = [...columns].map(([id, sources]) => [
    id,
    sources.map(({ holds, nullCount, lower, upper }) => [
      holds?.[row],
      nullCount?.[row],
      [lower, upper].map(column => column && text(cell(column, row))),
    ]),
  ])
  return [recordCount[row], values]
}

function cell(column: Column, row: number): unknown {
  if (!isValid(column, row)) return null
  if (column.kind === 'dictionary') return cell(column.values, column.codes[row]!)
  if (column.kind !== 'bytes') return column.values[row]
  return readBytes(column, row)
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return `${each}n`
    if (each instanceof Uint8Array) return `bytes:${Buffer.from(each).toString('base64')}`
    if (each instanceof Map) return [...each]
    if (typeof each === 'number' && !Number.isFinite(each)) return String(each)
    return Object.is(each, -0) ? '-0' : each
  })
}

/** Of Delta tables, those with a checkpoint: commits are read as they are. */
const isSpilled = ({ name, format, objects }: BenchTable) =>
  SPILLED.includes(format) &&
  !name.startsWith('shared/') &&
  (format !== 'delta' ||
    [...objects().keys()].some(path => /checkpoint.*parquet|_sidecars/.test(path)))

const tables = spreadOf(benchTables().filter(isSpilled), 40)

interface Spilled {
  readonly table: BenchTable
  readonly folder: string
  readonly plain: string
  readonly files: readonly string[]
}

describe('what is spilled', () => {
  const spilled: Spilled[] = []

  beforeAll(async () => {
    for (const [i, table] of tables.entries()) {
      const folder = join(root, String(i))
      const plain = await told(table)
      const spill = open(folder)
      expect(await told(table, spill)).toBe(plain)
      await spill.written()
      spilled.push({ table, folder, plain, files: readdirSync(folder) })
    }
  })

  it('tells the next process what the table tells', async () => {
    let hits = 0
    for (const { table, folder, plain, files } of spilled) {
      const spill = open(folder)
      expect(await told(table, spill)).toBe(plain)
      expect(spill.stats()).toMatchObject({ hits: files.length, dropped: 0, written: 0 })
      hits += files.length
    }
    expect(hits).toBeGreaterThan(spilled.length)
  })

  it('is dropped with whatever damage, and the table tells the same', async () => {
    const random = new Random(20_261_201)
    const some = spilled.filter(({ files }) => files.length > 0)
    for (let i = 0; i < quickOr(50, 20_000); i++) {
      const { table, folder, plain, files } = random.pick(some)
      const path = join(folder, random.pick(files))
      const whole = new Uint8Array(readFileSync(path))
      const mutator = random.pick(BYTE_MUTATORS)
      const damaged = mutator.apply(whole, random)
      if (Buffer.from(whole).equals(damaged)) continue
      writeFileSync(path, damaged)
      const spill = open(folder)
      expect(await told(table, spill), `${mutator.name} in ${path} of ${table.name}`).toBe(plain)
      await spill.written()
      expect(spill.stats()).toMatchObject({ dropped: 1, written: 1 })
      expect(readFileSync(path).equals(whole)).toBe(true)
    }
  })

  it('is another table under no name of its own', async () => {
    const random = new Random(7)
    const some = spilled.filter(({ files }) => files.length > 0)
    for (let i = 0; i < 30; i++) {
      const [one, other] = [random.pick(some), random.pick(some)]
      const path = join(one.folder, random.pick(one.files))
      const whole = readFileSync(path)
      const others = readFileSync(join(other.folder, random.pick(other.files)))
      writeFileSync(path, others)
      const spill = open(one.folder)
      expect(await told(one.table, spill)).toBe(one.plain)
      await spill.written()
      expect(readFileSync(path).equals(whole)).toBe(true)
    }
  })

  // Who can do this is the process's own user; it is read like any bytes that nobody vouches for all the same.
  it('ends no process where a hand makes damage whole', async () => {
    const random = new Random(20_261_202)
    const some = spilled.filter(({ files }) => files.length > 0)
    for (let i = 0; i < quickOr(50, 20_000); i++) {
      const { table, folder, files } = random.pick(some)
      const path = join(folder, random.pick(files))
      const whole = readFileSync(path)
      const content = new Uint8Array(whole.subarray(0, -32))
      const from = Math.ceil((16 + whole.readUInt32LE(8)) / 8) * 8
      const changed = random.pick(BYTE_MUTATORS).apply(content.slice(from), random)
      const bytes = Buffer.concat([content.subarray(0, from), changed])
      writeFileSync(path, Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]))
      chmodSync(path, 0o600)
      const spill = open(folder)
      await told(table, spill)
      await spill.written()
      writeFileSync(path, whole, { mode: 0o600 })
    }
  })
})
