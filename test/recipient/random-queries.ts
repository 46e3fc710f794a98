/** One top-level column of a table, with some of its values as SQL writes them. */
export interface SampledColumn {
  readonly name: string
  readonly type: string
  readonly literals: readonly string[]
  /** How SQL names it, where that is not its name: a member of a struct, which conditions alone use. */
  readonly member?: string
}

/** A pure source of choices: one seed gives one list of queries. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Conditions beside constants of other types, and behind casts and functions; undefined where there are none. */
function wider(
  type: string,
  column: string,
  pick: <Item>(items: readonly Item[]) => Item,
): string | undefined {
  const op = pick(['=', '<>', '<', '<=', '>', '>='])
  if (/^(INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL.*)$/.test(type)) {
    const value = pick(['20', '0', '-0.0', '1.5', '2.505', '1e3', '3::DOUBLE', '0.1::FLOAT'])
    const special = /FLOAT|DOUBLE/.test(type) ? ["'NaN'::DOUBLE", "'-inf'::DOUBLE"] : []
    const subject = pick([column, column, `${column}::DOUBLE`, `TRY_CAST(${column} AS INTEGER)`])
    return `${subject} ${op} ${pick([value, ...special])}`
  }
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) {
    const value = pick([
      "DATE '2024-01-15'",
      "TIMESTAMP '2024-01-15 12:00:00'",
      "TIMESTAMPTZ '2024-01-15 00:00:00.0005Z'",
      "DATE '1969-12-31'",
    ])
    const subject = pick([column, `date_trunc('month', ${column})`, `${column}::DATE`])
    return `${subject} ${op} ${value}`
  }
  if (type !== 'VARCHAR') return undefined
  return pick([
    `starts_with(${column}, 'a')`,
    `left(${column}, 1) ${op} 'b'`,
    `${column} NOT LIKE 'a%'`,
    `${column} LIKE '%a_'`,
    `lower(${column}) = 'a'`,
  ])
}

/** Queries over a table, each with `TABLE` for its name; equal tables give equal rows, in any order. */
export function randomQueries(
  columns: readonly SampledColumn[],
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly string[] {
  const next = random(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!
  const conditional = columns.filter(({ literals }) => literals.length > 0)
  const whole = columns.filter(({ member }) => member === undefined)
  const comparable = whole.filter(({ literals }) => literals.length > 0)
  const condition = (depth = 0): string => {
    const { name, type, literals, member } = pick(conditional)
    const column = member ?? quote(name)
    const kind = Math.floor(next() * (depth > 1 ? 7 : 12))
    const list = (count: number) => Array.from({ length: count }, () => pick(literals)).join(', ')
    if (next() < 0.25) return wider(type, column, pick) ?? condition(depth)
    if (kind === 11) return `${column} ${pick(['', 'NOT '])}IN (${list(8)})`
    if (kind === 7) return `(${condition(depth + 1)} AND ${condition(depth + 1)})`
    if (kind === 8) return `(${condition(depth + 1)} OR ${condition(depth + 1)})`
    if (kind === 9) return `(NOT ${condition(depth + 1)})`
    if (kind === 10) return `coalesce(${column} = ${pick(literals)}, FALSE)`
    if (kind === 0) return `${column} IS ${pick(['', 'NOT '])}NULL`
    if (kind === 1)
      return `${column} ${pick(['', 'NOT '])}IN (${pick(literals)}, ${pick(literals)})`
    if (kind === 2 && type === 'VARCHAR') return `${column} LIKE left(${pick(literals)}, 2) || '%'`
    if (kind === 3) return `${column} BETWEEN ${pick(literals)} AND ${pick(literals)}`
    if (kind === 4) return `${column} IS ${pick(['', 'NOT '])}DISTINCT FROM ${pick(literals)}`
    return `${column} ${pick(['=', '<>', '<', '<=', '>', '>='])} ${pick(literals)}`
  }
  const where = () => (conditional.length === 0 ? 'TRUE' : condition())
  const some = () => whole.filter(() => next() < 0.5).map(({ name }) => quote(name))
  const list = () => some().join(', ') || '1 AS one'
  const key = () => quote(pick(comparable.length > 0 ? comparable : whole).name)
  const shapes: readonly (() => string)[] = [
    () => `SELECT * FROM TABLE WHERE ${where()}`,
    () => `SELECT ${list()} FROM TABLE WHERE ${where()}`,
    () => `SELECT count(*), count(${key()}), min(${key()}::VARCHAR) FROM TABLE WHERE ${where()}`,
    () => `SELECT ${key()} AS k, count(*) FROM TABLE GROUP BY ALL`,
    () => `SELECT count(*) FROM TABLE`,
    () => `SELECT count(*) FROM (SELECT ${list()} FROM TABLE LIMIT 3)`,
    () => `SELECT count(*) FROM (SELECT * FROM TABLE WHERE ${where()} LIMIT 2)`,
    () => `SELECT ${key()} AS k FROM TABLE ORDER BY k NULLS LAST LIMIT 4`,
    () => {
      const on = key()
      return `SELECT count(*), count(a.${on}) FROM TABLE a LEFT JOIN TABLE b ON a.${on} = b.${on} AND b.${key()} IS NOT NULL WHERE a.${key()} IS NOT NULL`
    },
    () => {
      const wanted = key()
      return `SELECT * FROM TABLE WHERE ${wanted} IN (SELECT max(${wanted}) FROM TABLE WHERE ${where()})`
    },
    () =>
      `WITH t AS (SELECT * FROM TABLE WHERE ${where()}) SELECT count(*) FROM t UNION ALL SELECT count(*) FROM TABLE WHERE ${where()}`,
    () => `SELECT DISTINCT ${key()} AS k FROM TABLE WHERE ${where()}`,
  ]
  return Array.from({ length: count }, (_, i) => shapes[(seed + i) % shapes.length]!())
}
