/** What decoded bytes are of. All of it is written with them, and they are answered for nothing else. */
export interface SpillKey {
  /** What lies in the bytes and how: another layout is another key. */
  readonly layout: string
  /** The table's location. */
  readonly table: string
  /**
   * The immutable bytes of storage that it was decoded from: path, size, and the tag by which the store told them apart from others
   * of the same name when it was asked last; and which part of them.
   */
  readonly object: string
}

/**
 * Decoded parts of tables beside the process, so that the next one has not to decode them again. Nothing is in them that a grant or
 * a secret is in. What was damaged, or written for another key, is none.
 */
export interface BatchSpill {
  /** What was written under the key, beginning at a multiple of eight bytes in a buffer of its own; undefined where there is none. */
  read(key: SpillKey): Promise<Uint8Array | undefined>
  /** Begins to write, one behind another; the pieces must stay as they are. Nobody waits for it, and nothing depends on it. */
  write(key: SpillKey, pieces: readonly Uint8Array[]): void
  /** Says that what was read under the key is not what belongs there. */
  drop(key: SpillKey): void
}
