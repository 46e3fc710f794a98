import { TableError } from './errors.js'

/**
 * What reading a table may cost before it is refused. Metadata comes from whoever writes the table: a few bytes of it can
 * claim any number of rows and inflate to any length. Each limit lies far above what tables of a million files have, and
 * has a key of the same name below `limits` in the server's configuration (decision 0022).
 */
export interface ReadBudgets {
  /** Bytes of one object that is read whole, as it is stored: a manifest, a commit, a metadata file. */
  readonly objectBytes: number
  /** Bytes of one text that is held whole, inflated: table metadata, a schema, a commit of Hudi. */
  readonly documentBytes: number
  /** Values in one such text, or in one row of an Avro document: each costs tens of bytes once it is parsed. */
  readonly documentValues: number
  /** Levels of lists and objects in one such text. */
  readonly documentDepth: number
  /** Bytes of one action of a Delta log, however it is laid out. */
  readonly lineBytes: number
  /** Bytes of one Parquet footer. */
  readonly footerBytes: number
  /** Bytes that what is read at once (a block, the wanted leaves of a row group) may take once it is decoded. */
  readonly inflatedBytes: number
  /** The multiple of its file's bytes that these may be, where that is more than `SMALL_INFLATION`. */
  readonly inflationRatio: number
  /** Rows of one manifest, Avro file or row group of metadata; positions of one deletion vector. */
  readonly rows: number
  /** Columns of a table's schema, nested ones and those between counted too. */
  readonly columns: number
}

/** Whatever its file's length, so much may be inflated: thousands of equal rows compress to almost nothing. */
export const SMALL_INFLATION = 128 * 1024 * 1024

/** The longest text that JavaScript engines hold (V8, `String::kMaxLength`), less some for what is put around it. */
export const MAX_TEXT_BYTES = 2 ** 29 - 1024

/** The limits of a store that was given none of its own. */
export const DEFAULT_BUDGETS: ReadBudgets = {
  objectBytes: 512 * 1024 * 1024,
  documentBytes: 256 * 1024 * 1024,
  documentValues: 16 * 1024 * 1024,
  documentDepth: 500,
  lineBytes: 64 * 1024 * 1024,
  footerBytes: 64 * 1024 * 1024,
  inflatedBytes: 2 * 1024 * 1024 * 1024,
  inflationRatio: 200,
  rows: 2 ** 26,
  columns: 32_768,
}

/** The most that each key may be raised to: beyond it there is no memory, text or stack to hold what is read. */
export const BUDGET_CEILINGS: ReadBudgets = {
  objectBytes: 2 ** 32,
  documentBytes: MAX_TEXT_BYTES,
  documentValues: 2 ** 28,
  documentDepth: 1000,
  lineBytes: MAX_TEXT_BYTES,
  footerBytes: 2 ** 30,
  inflatedBytes: 2 ** 36,
  inflationRatio: 10_000_000,
  rows: 2 ** 31,
  columns: 1_000_000,
}

/** What was found to be more than a limit allows, and where. */
export interface OverBudget {
  readonly key: keyof ReadBudgets
  /** The noun and its article: `a manifest`, `the schema`. */
  readonly what: string
  readonly observed: number
  readonly limit: number
  /** What is counted: `bytes`, `rows`. */
  readonly unit: string
  readonly path?: string | undefined
}

/** The refusal of what a raised limit would allow: `UNSUPPORTED_FEATURE`, and never a word about damage. */
export function overBudget({ key, what, observed, limit, unit, path }: OverBudget): TableError {
  const where = path === undefined ? '' : ` (${path})`
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${what} of ${observed} ${unit}: at most ${limit} are read; limits.${key} raises that${where}`,
    {
      context: {
        limit,
        observed,
        key: `limits.${key}`,
        ...(path === undefined ? {} : { path }),
      },
    },
  )
}

/** Throws `overBudget` where `observed` is more than `budgets[key]`. */
export function requireWithin(
  budgets: ReadBudgets,
  key: keyof ReadBudgets,
  { what, observed, unit, path }: Pick<OverBudget, 'what' | 'observed' | 'unit' | 'path'>,
): void {
  const limit = budgets[key]
  if (observed > limit) throw overBudget({ key, what, observed, limit, unit, path })
}
