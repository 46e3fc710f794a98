const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A name as Hive-style folders escape it: `%` and two hex digits for a byte, runs of which are UTF-8; anything else
 * stands for itself, `+` and a `%` without two hex digits included. Undefined where the bytes are no UTF-8: what the
 * writer meant cannot be known then.
 */
export function unescapePath(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return text.replace(/(?:%[0-9a-fA-F]{2})+/g, run => utf8.decode(bytesOf(run)))
  } catch {
    return undefined
  }
}

function bytesOf(escapes: string): Uint8Array {
  return Uint8Array.from(escapes.slice(1).split('%'), hex => Number.parseInt(hex, 16))
}
