import { TableError } from './errors.js'

/** Where a file is damaged, as far as whoever reads it knows; `cause` is what a decoder said. */
export interface Damage {
  readonly path?: string | undefined
  readonly line?: number | undefined
  readonly cause?: unknown
}

/** `TABLE_CORRUPT` of what is not what it should be: `expected a manifest in s3://lake/m.avro: its rows are not Avro records`. */
export function corrupt(what: string, reason: string, damage: Damage = {}): TableError {
  const { path, line, cause } = damage
  const where = path === undefined ? '' : ` in ${path}`
  return new TableError('TABLE_CORRUPT', `expected ${what}${where}: ${reason}`, {
    context: {
      ...(path === undefined ? {} : { path }),
      ...(line === undefined ? {} : { line }),
    },
    cause,
  })
}
