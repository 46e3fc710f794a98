export const QUOTE = 0x22
export const BACKSLASH = 0x5c
/** Bytes below it are control characters, which strings have only as escapes (RFC 8259, section 7). */
export const SPACE = 0x20

/** 1 for what ends a run of plain bytes in a string: its quote, an escape, and what may not be there. */
export const ENDS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < SPACE ? 1 : 0,
)

/** White space of JSON. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Bytes that a number may consist of. */
export function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x65 ||
    byte === 0x45
  )
}
