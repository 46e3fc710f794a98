/** The integer that bytes spell, as Avro stores the digits of a decimal: two's complement, the highest byte first. */
export function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(Math.max(8, bytes.length * 8), value)
}
