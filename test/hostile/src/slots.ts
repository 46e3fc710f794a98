/**
 * A place in a document that holds one value: where its bytes are, and what they say. Every form (JSON, Avro, Thrift, …) is
 * walked into slots by code of the bench's own, so that what a mutant says can be told without the readers under test.
 */
export interface Slot {
  /** Names from the root, `[3]` for places in a list: `snapshots[3].manifest-list`. */
  readonly path: string
  readonly kind: SlotKind
  readonly start: number
  readonly end: number
  /** The value as text. */
  readonly text: string
}

export type SlotKind =
  | 'json-number'
  | 'json-string'
  | 'json-literal'
  /** A key and its value, or an item of a list. */
  | 'json-member'
  | 'varint'
  | 'varbytes'
  | 'byte'
  | 'float'
  | 'double'
  | 'fixed'
  | 'thrift-int'
  | 'thrift-binary'
  | 'int32'
  | 'int64'
  | 'text'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
}

/** `bytes` with some ranges, which do not overlap, replaced. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, edit.start), edit.bytes)
    at = edit.end
  }
  parts.push(bytes.subarray(at))
  return joined(parts)
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A path without places in lists: what the table of explanations is keyed by. */
export function pathPattern(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[]')
}

/** Thrown by walkers where bytes are not what their form demands. */
export class NotWhole extends Error {}
