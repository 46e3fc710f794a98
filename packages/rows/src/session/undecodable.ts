import { CUT_MOMENT } from '../sql/micros-sql.js'
import { OLD_CALENDAR } from '../sql/old-calendar-sql.js'

/** DuckDB's words for valid Parquet that it has no decoder for. */
const MESSAGES = [
  /^Not implemented Error/,
  /unsupported (?:compression )?codec/i,
  /Unsupported page encoding/,
  /encoding is only supported for/,
  /encrypt/i,
  /Unsupported (?:converted|logical) type/,
  /MAP(?:_KEY_VALUE)? requires two children/,
  new RegExp(OLD_CALENDAR),
  new RegExp(CUT_MOMENT),
  /option on file with column named .* is not supported/,
]

/** True where DuckDB's message is about a valid file that it does not read, and not about a broken one. */
export function isUndecodable(message: string): boolean {
  return MESSAGES.some(pattern => pattern.test(message))
}
