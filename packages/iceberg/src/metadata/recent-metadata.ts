import type { ObjectMeta, ObjectStore } from '@spillway/core'
import { type IcebergMetadata, loadMetadata } from './metadata.js'

/** Bytes of metadata files kept for the next look at their tables. */
const MAX_BYTES = 64 << 20

/**
 * Metadata files that were read lately. They grow to megabytes with a table's history, and every look at a table whose
 * pointer has not moved would parse one again: asking whether it is still the same object is enough.
 */
export class RecentMetadata {
  // Insertion order is the order of last use.
  readonly #held = new Map<string, IcebergMetadata>()
  #bytes = 0

  /** Asked of the table's own store each time: that one table read a file says nothing of what another may read. */
  async load(store: ObjectStore, path: string, signal?: AbortSignal): Promise<IcebergMetadata> {
    const held = this.#held.get(path)
    if (held !== undefined && isSame(held.meta, await store.head(path, signal))) {
      this.#keep(held)
      return held
    }
    const read = await loadMetadata(store, path, signal)
    this.#keep(read)
    return read
  }

  #keep(metadata: IcebergMetadata): void {
    this.#drop(metadata.path)
    if (metadata.document.length > MAX_BYTES) return
    this.#held.set(metadata.path, metadata)
    this.#bytes += metadata.document.length
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= MAX_BYTES) return
      this.#drop(oldest)
    }
  }

  #drop(path: string): void {
    this.#bytes -= this.#held.get(path)?.document.length ?? 0
    this.#held.delete(path)
  }
}

/** A table dropped and created again may reuse a name. Without an etag there is no telling, so it is read again. */
function isSame(held: ObjectMeta, found: ObjectMeta | undefined): boolean {
  return (
    found?.etag !== undefined &&
    found.etag === held.etag &&
    found.size === held.size &&
    found.lastModified === held.lastModified
  )
}
