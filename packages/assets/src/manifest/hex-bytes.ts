/** The bytes of lower-case hexadecimal digits. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = 16 * digitAt(hex, 2 * i) + digitAt(hex, 2 * i + 1)
  }
  return bytes
}

function digitAt(hex: string, at: number): number {
  const unit = hex.charCodeAt(at)
  return unit < 0x3a ? unit - 0x30 : unit - 0x57
}
