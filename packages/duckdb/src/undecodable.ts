/** DuckDB's words for valid Parquet that it has no decoder for. */
const MESSAGES = [
  /Unsupported compression codec/,
  /Unsupported page encoding/,
  /encoding is only supported for/,
  /is encrypted, but 'encryption_config' was not set/,
  /Unsupported (?:converted|logical) type/,
  /option on file with column named .* is not supported/,
]

/** True where DuckDB's message is about a valid file that it does not read, and not about a broken one. */
export function isUndecodable(message: string): boolean {
  return MESSAGES.some(pattern => pattern.test(message))
}
