import { readFileSync, writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { createSchema, type Field, type Literal, type Predicate, type Value } from '@spillway/core'
import { type LogicalRow, parquetPlain, quickOr, Random, rowTest } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { predicateSql } from '../../rows/src/sql/predicate-sql.js'
import { quoteNested } from '../../rows/src/sql/quote-nested.js'
import { quoteName } from '../../rows/src/sql/sql-text.js'
import { type Claims, withClaims } from '../../rows/test/support/claims.js'
import { dataFile, field, rowFixture, snapshotOf } from '../../rows/test/support/fixture.js'
import { attachShare } from '../src/index.js'
import { shareServer } from './support/share-server.js'

const files = rowFixture()

const x = field('x', 'double')
const f = field('f', 'float')
const s = field('s', 'string')
const y = field('y', 'double')
const t = field('t', 'string')
const st = field('st', { kind: 'struct', fields: [y, t] })
const i = field('i', 'long')
const u = field('u', 'long')
const FIELDS = [x, f, s, st, i, u]
/** In the order of the file's leaves; `u` is stored as an unsigned integer. */
const LEAVES = [x, f, s, y, t, i, u] as const
const SCHEMA = createSchema(FIELDS)
const JSON_TYPES = ['double', 'float', 'string', undefined, 'long', 'long']

const FLOATS = [Number.NaN, -0, 0, 1.5, -3, 100, Number.POSITIVE_INFINITY, null]
const STRINGS = ['aé', 'az', 'b', '', 'é', 'a\u{10ffff}', 'a', '漢', null]
const LONGS = [-5n, 0n, 3n, 7n, 1_000_000n, null]
const UNSIGNED = [0n, 3n, 2n ** 31n, 2n ** 32n - 1n, null]
const POOLS = new Map<Field, readonly (Value | null)[]>([
  ...([x, f, y] as const).map(each => [each, FLOATS] as const),
  ...([s, t] as const).map(each => [each, STRINGS] as const),
  [i, LONGS],
  [u, UNSIGNED],
])

/** DuckDB writes no smaller row groups. */
const GROUP = 2048
const SPARK = {
  nan: 'greatest',
  nulls: 'three-valued',
  unknown: null,
  narrow: false,
  zoneOffsetMinutes: 0,
} as const

/** Rows of each row group, which repeats them to its end. */
type Groups = readonly (readonly LogicalRow[])[]

function randomGroups(random: Random): Groups {
  return Array.from({ length: random.integer(1, 3) }, () =>
    Array.from({ length: random.integer(1, 4) }, () => {
      return new Map(LEAVES.map(leaf => [leaf.id, random.pick(POOLS.get(leaf)!)]))
    }),
  )
}

async function writeGroups(groups: Groups, bloom = false) {
  const selects = groups.flatMap((rows, group) =>
    rows.map((row, at) => {
      const cells = FIELDS.map(each => {
        const value = each === st ? [row.get(y.id), row.get(t.id)] : row.get(each.id)
        const sql = quoteNested(value, each.type, 'logical')
        return `${each === u ? `CAST(${sql} AS UINTEGER)` : sql} AS ${quoteName(each.name)}`
      })
      return `SELECT ${group} AS g, ${at} AS at, ${rows.length} AS rows, ${cells.join(', ')}`
    }),
  )
  const pool = `(${selects.join(' UNION ALL ')}) p`
  const names = FIELDS.map(({ name }) => quoteName(name)).join(', ')
  const sql = `SELECT ${names} FROM range(${GROUP}) r(k) JOIN ${pool} ON p.at = r.k % p.rows ORDER BY g, k`
  return files.write(sql, `, ROW_GROUP_SIZE ${GROUP}, WRITE_BLOOM_FILTER ${bloom}`)
}

const KINDS = ['as-written', 'without-nan', 'signed', 'no-orders', 'reversed', 'cut'] as const
type Kind = (typeof KINDS)[number]

/** What a writer of the given kind would have said of one leaf. */
function claimsOf(kind: Kind, leaf: Field, rows: readonly LogicalRow[]): Claims | undefined {
  if (kind === 'as-written') return undefined
  const values = rows.map(row => row.get(leaf.id) ?? null)
  const bytes = values.flatMap(value =>
    value === null || Number.isNaN(value) ? [] : [plainOf(leaf, value as Value)],
  )
  if (bytes.length === 0) return {}
  const isText = leaf.type === 'string'
  if (kind === 'signed' || kind === 'no-orders') {
    const order = isText ? signedOrder : leaf === u ? signedNumbers : undefined
    const [min, max] = extremes(leaf, bytes, order)
    return kind === 'signed' ? { oldMin: min, oldMax: max } : { min, max, oldMin: min, oldMax: max }
  }
  const [min, max] = extremes(leaf, bytes)
  if (kind === 'reversed') return { min: max, max: min }
  // Cut in the middle of a character, and not raised.
  if (kind === 'cut' && isText) return { min, max: max.subarray(0, Math.max(0, max.length - 1)) }
  return { min, max, oldMin: min, oldMax: max }
}

function plainOf(leaf: Field, value: Value): Uint8Array {
  if (leaf === u) return new Uint8Array(Uint32Array.of(Number(value)).buffer)
  return parquetPlain(value, leaf.type as 'string')
}

type Order = (a: Buffer, b: Buffer) => number

const signedOrder: Order = (a, b) => {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a[at] !== b[at]) return a.readInt8(at) - b.readInt8(at)
  }
  return a.length - b.length
}
const signedNumbers: Order = (a, b) => a.readInt32LE() - b.readInt32LE()

function extremes(leaf: Field, bytes: readonly Uint8Array[], order?: Order) {
  const natural: Order = (a, b) => {
    if (leaf.type === 'string') return Buffer.compare(a, b)
    const read = (each: Buffer) =>
      leaf.type === 'double'
        ? each.readDoubleLE()
        : leaf.type === 'float'
          ? each.readFloatLE()
          : leaf === u
            ? each.readUInt32LE()
            : Number(each.readBigInt64LE())
    return read(a) - read(b)
  }
  const sorted = bytes.map(each => Buffer.from(each)).sort(order ?? natural)
  return [sorted[0]!, sorted.at(-1)!] as const
}

function randomPredicate(random: Random, depth = 0): Predicate {
  const roll = depth > 2 ? 1 : random.fraction()
  if (roll < 0.2) return { kind: 'not', operand: randomPredicate(random, depth + 1) }
  if (roll < 0.5) {
    const operands = [randomPredicate(random, depth + 1), randomPredicate(random, depth + 1)]
    return { kind: random.pick(['and', 'or'] as const), operands }
  }
  const leaf = random.pick(LEAVES)
  const ref = { names: leaf === y || leaf === t ? ['st', leaf.name] : [leaf.name] }
  const literal = (): Literal => {
    const values = POOLS.get(leaf)!.filter(value => value !== null && !Number.isNaN(value))
    const { type } = leaf
    const value = random.pick(values) as Value
    if (type === 'float') return { value, type: 'double' }
    return { value, type: type as Literal['type'] }
  }
  const pick = random.fraction()
  if (pick < 0.1) return { kind: random.pick(['isNull', 'notNull'] as const), ref }
  if (pick < 0.3)
    return { kind: random.pick(['in', 'notIn'] as const), ref, values: [literal(), literal()] }
  if (pick < 0.4 && leaf.type === 'string') {
    return { kind: random.pick(['startsWith', 'notStartsWith'] as const), ref, prefix: 'a' }
  }
  if (pick < 0.4 && typeof leaf.type === 'string' && /float|double/.test(leaf.type)) {
    return { kind: random.pick(['isNan', 'notNan'] as const), ref }
  }
  const op = random.pick(['eq', 'notEq', 'lt', 'ltEq', 'gt', 'gtEq'] as const)
  return { kind: 'comparison', op, ref, value: literal() }
}

function countOf(groups: Groups, predicate: Predicate): number {
  const matches = rowTest(predicate, SCHEMA, SPARK)
  let count = 0
  for (const rows of groups) {
    for (const [at, row] of rows.entries()) {
      const times = Math.ceil((GROUP - at) / rows.length)
      if (matches(row) === true) count += times
    }
  }
  return count
}

const SCHEMA_JSON = JSON.stringify({
  type: 'struct',
  fields: FIELDS.map((each, at) => ({
    name: each.name,
    type: JSON_TYPES[at] ?? {
      type: 'struct',
      fields: [
        { name: 'y', type: 'double', nullable: true, metadata: {} },
        { name: 't', type: 'string', nullable: true, metadata: {} },
      ],
    },
    nullable: true,
    metadata: {},
  })),
})

function quoted(path: readonly Field[]): string {
  return path.map(({ name }) => quoteName(name)).join('.')
}

describe('rows behind footers that claim too much', () => {
  // More seeds: SPILLWAY_ROW_SEEDS=500 vitest run packages/duckdb/test/believed-bounds.test.ts
  const seeds = Number(process.env.SPILLWAY_ROW_SEEDS ?? quickOr(2, 12))
  it.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
    'are those that an evaluator chooses, in every way (seed %i)',
    async seed => {
      const random = new Random(seed)
      const tables = await Promise.all(
        Array.from({ length: random.integer(1, 2) }, async () => {
          const groups = randomGroups(random)
          const kind = random.pick(KINDS)
          const { path } = await writeGroups(groups, random.chance(0.3))
          const bytes = withClaims(readFileSync(path), {
            claims: (leaf, group) => claimsOf(kind, LEAVES[leaf]!, groups[group]!),
            orders: kind !== 'signed' && kind !== 'no-orders',
          })
          writeFileSync(path, bytes)
          return { path, bytes, groups, kind }
        }),
      )
      const groups = tables.flatMap(each => each.groups)
      const snapshot = snapshotOf(FIELDS)
      const rows = files.read(tables.map(({ path }) => dataFile(path)))
      const server = await shareServer({ files: tables, schemaString: SCHEMA_JSON })
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      const transport = random.pick(['ranges', 'download'] as const)
      const share = await attachShare(connection, server.profile, { transport })
      try {
        for (let round = 0; round < 15; round++) {
          const predicate = randomPredicate(random)
          const sql = predicateSql(predicate, SCHEMA, quoted)
          const said = `${tables.map(({ kind }) => kind)} ${sql}`
          const expected = countOf(groups, predicate)
          expect(await rows.count(snapshot, predicate), said).toBe(BigInt(expected))
          const count = `SELECT count(*) FROM`
          const answer = await rows.sql(snapshot, `${count} t WHERE ${sql}`)
          expect(Number(answer.rows[0]![0]), said).toBe(expected)
          const found: unknown[] = []
          for await (const block of (
            await share.query(`${count} share.main.t WHERE ${sql}`)
          ).rawRows())
            found.push(...block)
          expect(found, said).toEqual([[BigInt(expected)]])
        }
      } finally {
        await share.close()
        await server.close()
      }
    },
  )
})

describe('SQL over a file that leaves NaN out, and calls the largest text its smallest', () => {
  const texts = ['aé', 'az', 'b', 'az']
  const numbers = [1, Number.NaN, 2, -0]

  async function shared() {
    const groups: Groups = [0, 1].map(group =>
      [0, 1].map(at => {
        const value = numbers[2 * group + at]!
        const text = texts[2 * group + at]!
        return new Map<number, Value | null>([
          ...([x, f, y] as const).map(each => [each.id, value] as const),
          ...([s, t] as const).map(each => [each.id, text] as const),
        ])
      }),
    )
    const { path } = await writeGroups(groups)
    const claims = (leaf: number, group: number) => {
      const kind = LEAVES[leaf]!.type === 'string' ? 'signed' : 'without-nan'
      return claimsOf(kind, LEAVES[leaf]!, groups[group]!)
    }
    return withClaims(readFileSync(path), { claims, orders: false })
  }

  it.each([
    ['SELECT max(x), max(f), max(st.y) FROM t', ['NaN', 'NaN', 'NaN']],
    ['SELECT min(s), max(s), max(st.t) FROM t', ['az', 'b', 'b']],
    ['SELECT x FROM t ORDER BY x DESC LIMIT 1', ['NaN']],
    ['SELECT s FROM t ORDER BY s LIMIT 1', ['az']],
    ["SELECT count(*) FROM t JOIN (SELECT 'az' AS s) o USING (s)", ['2048']],
    ["SELECT count(*) FROM t JOIN (SELECT 'NaN'::DOUBLE AS x) o USING (x)", ['1024']],
    ["SELECT count(*) FROM t WHERE s IN (SELECT unnest(['az', 'zz']))", ['2048']],
    ["SELECT count(*) FROM t WHERE x > 100 OR s < 'aa'", ['1024']],
    ['SELECT count(DISTINCT s), count(DISTINCT x) FROM t', ['3', '4']],
    ["SELECT count(*) FROM t WHERE s BETWEEN 'av' AND 'az'", ['2048']],
    ['SELECT count(*) FROM t WHERE [x, f][1] > 100', ['1024']],
    ['SELECT count(*) FROM t WHERE x <> 2 AND NOT (x < 1000)', ['1024']],
  ])('%s', async (sql, expected) => {
    const server = await shareServer({
      files: [{ bytes: await shared() }],
      schemaString: SCHEMA_JSON,
    })
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const share = await attachShare(connection, server.profile)
    try {
      const found: unknown[] = []
      const asked = sql.replace(/\bt\b(?!\.)(?= |$)/g, 'share.main.t')
      for await (const block of (await share.query(asked)).rawRows()) found.push(...block.flat())
      expect(found.map(String)).toEqual(expected)
    } finally {
      await share.close()
      await server.close()
    }
  })
})

describe('bloom filters', () => {
  it('of floats rule out no zero, whatever its sign is', async () => {
    const select = 'CASE WHEN range % 2 = 0 THEN -0.0::DOUBLE ELSE 3.5 END AS x'
    const file = await files.write(`SELECT ${select} FROM range(5000)`, `, ROW_GROUP_SIZE ${GROUP}`)
    const rows = files.read([file])
    const value = { value: 0, type: 'double' } as const
    const ref = { names: ['x'] }
    const equal: Predicate = { kind: 'comparison', op: 'eq', ref, value }
    expect(await rows.count(snapshotOf([x]), equal)).toBe(2500n)
    expect(await rows.count(snapshotOf([x]), { kind: 'in', ref, values: [value] })).toBe(2500n)
  })
})

describe('equality deletes', () => {
  it('find values that bounds leave out', async () => {
    const key = field('x', 'double', { id: 1 })
    const text = field('s', 'string', { id: 2 })
    const values = "(1.0, 'az'), ('NaN'::DOUBLE, 'b'), (2.0, 'az'), (3.0, 'aé')"
    const ids = ', FIELD_IDS {x: 1, s: 2}, WRITE_BLOOM_FILTER false'
    const file = await files.write(`SELECT * FROM (VALUES ${values}) t(x, s)`, ids)
    const said: readonly Claims[] = [
      { min: parquetPlain(1, 'double'), max: parquetPlain(3, 'double'), nullCount: 0 },
      { oldMin: parquetPlain('aé', 'string'), oldMax: parquetPlain('b', 'string'), nullCount: 0 },
    ]
    const bytes = withClaims(readFileSync(file.path), { claims: leaf => said[leaf], orders: false })
    writeFileSync(file.path, bytes)
    const deleting = async (select: string, id: number) => {
      const { path, size } = await files.write(select, `, FIELD_IDS {k: ${id}}`)
      return { kind: 'equality-delete', path, fileFormat: 'parquet', size, fieldIds: [id] } as const
    }
    const iceberg = snapshotOf([key, text], { format: 'iceberg' })
    const left = async (select: string, id: number) => {
      const deletes = [await deleting(select, id)]
      const found = await files.rows(iceberg, [dataFile(file.path, { deletes })])
      return found.map(row => (row as unknown[])[1])
    }
    expect(await left("SELECT 'NaN'::DOUBLE AS k", 1)).toEqual(['az', 'az', 'aé'])
    expect(await left("SELECT 'az' AS k", 2)).toEqual(['b', 'aé'])
  })
})
