/** Paths in the order of their UTF-8 bytes, as stores list them. */
export function comparePathBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
