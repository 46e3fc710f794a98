import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  eq,
  isNull,
  type Literal,
  lt,
  type Predicate,
  type Snapshot,
  type SnapshotRef,
  type TableSource,
} from '@spillway/core'
import { type Json, rowJson } from '@spillway/rows'
import { spreadOf } from '@spillway/testkit'
import { compose } from 'spillway'
import { afterAll, describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../fixtures/iceberg/', import.meta.url))

interface Golden {
  readonly name: string
  readonly folder: string
  readonly features: readonly string[]
  readonly rebase: readonly { readonly from: string; readonly to: string }[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly Json[])[]
  readonly snapshots: readonly { readonly snapshotId: string; readonly count: number }[]
  readonly refs?: Readonly<Record<string, readonly (readonly Json[])[]>>
}

const catalogue = JSON.parse(readFileSync(`${folder}catalogue.json`, 'utf8')) as {
  readonly tables: readonly Golden[]
}
const isReadable = ({ features }: Golden) => !features.includes('orc') && !features.includes('avro')
const readable = catalogue.tables.filter(isReadable).map(table => [table.name, table] as const)

const spillway = compose()
afterAll(() => spillway.close())
const reader = spillway.readers.find(({ format }) => format === 'iceberg')!

function sourceOf({ folder: name, rebase }: Golden): TableSource {
  return { location: `file://${folder}${name}`, format: 'iceberg', rebase }
}

/** Objects with sorted keys and maps in one order, so that equal rows have equal text. */
function ordered(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(ordered)
    const isMap = items.some(item => item !== null && typeof item === 'object' && 'key' in item)
    return isMap ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items
  }
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value
  const entries = Object.entries(value as Readonly<Record<string, Json>>)
  return Object.fromEntries(entries.sort().map(([key, each]) => [key, ordered(each)]))
}

function texts(rows: readonly (readonly Json[])[]): readonly string[] {
  return rows.map(row => JSON.stringify(row.map(ordered))).sort()
}

async function rowsOf(snapshot: Snapshot, where?: Predicate): Promise<readonly string[]> {
  const { fields, rows } = spillway.rows.rows(snapshot, where && { where })
  const found: (readonly Json[])[] = []
  for await (const block of rows) for (const row of block) found.push(rowJson(row, fields))
  return texts(found)
}

describe('golden Iceberg tables', () => {
  it.each(readable)('%s has the rows that Spark reads', async (_name, table) => {
    const snapshot = await reader.snapshot(sourceOf(table))
    expect(snapshot.schema.fields.map(({ name }) => name)).toEqual(
      table.columns.map(({ name }) => name),
    )
    expect(await rowsOf(snapshot)).toEqual(texts(table.rows))
  })

  it.each(readable)(
    '%s has as many rows at each snapshot as its writer says',
    async (_name, table) => {
      for (const { snapshotId, count } of table.snapshots) {
        const at: SnapshotRef = { kind: 'snapshotId', id: BigInt(snapshotId) }
        const snapshot = await reader.snapshot(sourceOf(table), { at })
        expect(await spillway.rows.count(snapshot)).toBe(BigInt(count))
      }
    },
  )

  it.each(
    readable.flatMap(([name, table]) =>
      Object.entries(table.refs ?? {}).map(([ref, rows]) => [name, ref, table, rows] as const),
    ),
  )('%s has the rows of %s', async (_name, ref, table, rows) => {
    const snapshot = await reader.snapshot(sourceOf(table), { at: { kind: 'branch', name: ref } })
    expect(await rowsOf(snapshot)).toEqual(texts(rows))
  })

  it.each(spreadOf(readable, 5))(
    '%s has exactly the rows that equal each of its values',
    async (_name, table) => {
      const snapshot = await reader.snapshot(sourceOf(table))
      for (const [position, column] of table.columns.entries()) {
        for (const predicate of comparisons(table, position, column)) {
          const { where, holds } = predicate
          const expected = table.rows.filter(row => holds(row[position]!))
          expect(await rowsOf(snapshot, where)).toEqual(texts(expected))
        }
      }
    },
  )

  it.each(
    catalogue.tables.filter(table => !isReadable(table)).map(table => [table.name, table] as const),
  )('%s is listed, and refused where rows are read', async (_name, table) => {
    const snapshot = await reader.snapshot(sourceOf(table))
    expect(snapshot.totals?.files).toBeGreaterThan(0)
    await expect(spillway.rows.count(snapshot, isNull('s'))).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })
})

interface Comparison {
  readonly where: Predicate
  readonly holds: (cell: Json) => boolean
}

/** A column's first values as literals: equal to each, less than the last, and null. */
function comparisons(
  table: Golden,
  position: number,
  { name, type }: Golden['columns'][number],
): readonly Comparison[] {
  const literalOf = LITERALS[type]
  if (literalOf === undefined) return []
  const cells = [...new Set(table.rows.map(row => row[position]!))].filter(cell => cell !== null)
  const some = cells.slice(0, 4)
  const last = some.at(-1)
  return [
    { where: isNull(name), holds: cell => cell === null },
    ...some.map(value => ({
      where: eq(name, literalOf(value)),
      holds: (cell: Json) => cell === value,
    })),
    ...(last === undefined || type === 'string'
      ? []
      : [
          {
            where: lt(name, literalOf(last)),
            holds: (cell: Json) => cell !== null && orderOf(cell, type) < orderOf(last, type),
          },
        ]),
  ]
}

function orderOf(cell: Json, type: string): bigint | number {
  if (type === 'date') return Date.parse(`${cell}T00:00:00Z`)
  return type === 'bigint' ? BigInt(cell as string) : (cell as number)
}

const LITERALS: Readonly<Record<string, (value: Json) => Literal>> = {
  int: value => ({ value: value as number, type: 'int' }),
  bigint: value => ({ value: BigInt(value as string), type: 'long' }),
  string: value => ({ value: value as string, type: 'string' }),
  date: value => ({ value: Date.parse(`${value}T00:00:00Z`) / 86_400_000, type: 'date' }),
}
