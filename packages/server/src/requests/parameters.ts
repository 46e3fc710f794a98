import { TableError } from '@spillway/core'
import { shownValue } from '@spillway/protocol'

const INT64_MAX = 2n ** 63n - 1n

/** A non-negative 64-bit version from text; undefined when absent. */
export function versionParameter(text: string | null, name: string): bigint | undefined {
  if (text === null) return undefined
  if (!/^[0-9]{1,19}$/.test(text)) throw invalid(name, 'must be a non-negative integer', text)
  return checkVersion(BigInt(text), name)
}

export function checkVersion(version: bigint | undefined, name: string): bigint | undefined {
  if (version === undefined || (version >= 0n && version <= INT64_MAX)) return version
  throw invalid(name, 'must be a non-negative 64-bit integer', String(version))
}

const ISO_INSTANT =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)$/i

/** None is longer; what is costs time to look through. */
const MAX_TIMESTAMP_CHARACTERS = 64

/** Epoch milliseconds of an ISO-8601 instant with its zone; undefined when absent. */
export function timestampParameter(
  text: string | null | undefined,
  name: string,
): number | undefined {
  if (text === null || text === undefined) return undefined
  if (text.length > MAX_TIMESTAMP_CHARACTERS) throw notTimestamp(name, text)
  // A '+' of an offset that was not percent-encoded arrives as a space.
  const zoned = text.replace(/ (\d{2}(?::?\d{2})?)$/, '+$1')
  // DuckDB writes whole hours without minutes.
  const instant = zoned.replace(/(T.*[+-]\d{2})$/, '$1:00')
  const time = ISO_INSTANT.test(instant) ? Date.parse(instant) : Number.NaN
  if (Number.isNaN(time)) throw notTimestamp(name, text)
  return time
}

function notTimestamp(name: string, text: string): TableError {
  return invalid(name, 'must be an ISO-8601 timestamp with a zone, as 2026-01-01T00:00:00Z', text)
}

/** `True` and `False` too: one client writes them so. */
export function booleanParameter(text: string | null, name: string): boolean {
  switch (text?.toLowerCase()) {
    case undefined:
    case '':
    case 'false':
      return false
    case 'true':
      return true
    default:
      throw invalid(name, 'must be true or false', text ?? '')
  }
}

/** A positive 32-bit number of files; undefined when absent. */
export function maxFilesParameter(value: bigint | string | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined
  const text = String(value)
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) <= 0 || Number(text) > 0x7fffffff) {
    throw invalid('maxFiles', 'must be a positive 32-bit integer', text)
  }
  return Number(text)
}

function invalid(name: string, rule: string, found: string): TableError {
  return new TableError('INVALID_REQUEST', `${name} ${rule}, not ${shownValue(found)}`)
}
