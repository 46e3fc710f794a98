import { TableError } from '@spillway/core'

const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** Five characters for each four bytes (ZeroMQ RFC 32), as Delta writes deletion vectors and their file names. */
export function z85Encode(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) {
    throw new TableError('INTERNAL', `z85 encodes multiples of 4 bytes, not ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    let rest = view.getUint32(at)
    let block = ''
    for (let i = 0; i < 5; i++) {
      block = ALPHABET[rest % 85]! + block
      rest = Math.floor(rest / 85)
    }
    text += block
  }
  return text
}

/** Inverse of `z85Encode`. */
export function z85Decode(text: string): Uint8Array {
  if (text.length % 5 !== 0) {
    throw corrupt(`its length must be a multiple of 5, found ${text.length}`)
  }
  const bytes = new Uint8Array((text.length / 5) * 4)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < text.length; at += 5) {
    let value = 0
    for (let i = at; i < at + 5; i++) {
      const digit = ALPHABET.indexOf(text[i]!)
      if (digit < 0)
        throw corrupt(`${JSON.stringify(text[i])} at position ${i} is not in the alphabet`)
      value = value * 85 + digit
    }
    if (value > 0xffffffff) throw corrupt(`the group at position ${at} exceeds 32 bits`)
    view.setUint32((at / 5) * 4, value)
  }
  return bytes
}

function corrupt(reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `expected z85 text: ${reason}`)
}
