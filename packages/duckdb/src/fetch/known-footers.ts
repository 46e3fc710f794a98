import type { DataType, Field } from '@spillway/core'
import type { BelievedShape } from '@spillway/rows'
import type { SharedFile } from '../share/open-scan.js'

/** A footer of an earlier query, and the strong entity tag of the file that it was read from. */
export interface KnownFooter {
  readonly tag: string
  /** The Thrift FileMetaData. */
  readonly metadata: Uint8Array
  /** How DuckDB reads the file, once that is known: it follows from the footer alone. */
  readonly read?: FileRead
}

/** How DuckDB reads a file: files that it reads alike have one and the same shape. */
export interface FileRead {
  readonly shape: SharedShape
  readonly rowCount: number
}

/** A shape without its files. */
export type SharedShape = Omit<BelievedShape, 'files' | 'rowCounts'>

/** Some 8,000 footers of a table of 14 columns. */
const MAX_BYTES = 32 * 1024 * 1024

/** What an attachment has learned of the footers of its tables, and footers themselves up to `maxBytes`. */
export class KnownFooters {
  readonly #tables = new Map<string, TableFooters>()
  readonly #kept: KeptFooters

  constructor(maxBytes = MAX_BYTES) {
    this.#kept = new KeptFooters(maxBytes)
  }

  /** `namespace` tells tables apart, whose file ids may be alike. */
  of(namespace: string): TableFooters {
    const known = this.#tables.get(namespace)
    if (known !== undefined) return known
    const made = new TableFooters(this.#kept, namespace)
    this.#tables.set(namespace, made)
    return made
  }
}

/** The footers that were used last, up to a number of bytes. */
class KeptFooters {
  readonly #maxBytes: number
  readonly #byKey = new Map<string, KnownFooter>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string): KnownFooter | undefined {
    const found = this.#byKey.get(key)
    if (found === undefined) return undefined
    this.#byKey.delete(key)
    this.#byKey.set(key, found)
    return found
  }

  set(key: string, footer: KnownFooter): void {
    this.delete(key)
    this.#byKey.set(key, footer)
    this.#bytes += sizeOf(key, footer)
    for (const oldest of this.#byKey.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const found = this.#byKey.get(key)
    if (found === undefined) return
    this.#byKey.delete(key)
    this.#bytes -= sizeOf(key, found)
  }
}

/** With what a map, an object and two texts take beside their characters. */
function sizeOf(key: string, { tag, metadata }: KnownFooter): number {
  return metadata.length + 2 * (key.length + tag.length) + 250
}

/** Before any was read: longer than those of most tables of up to 25 columns. */
const FIRST_BYTES = 8 * 1024
/** What a row group's statistics, sizes and encodings of one leaf take, and its name. */
const BYTES_OF_LEAF = 320
const LEAST_BYTES = 2 * 1024
const MAX_SHAPES = 100
const MOST_BYTES = 1024 * 1024

/**
 * The footers of one table. How long they are, by those that were read: a first request that is long enough is the only one.
 * And those of earlier queries, by a file's id, its size and its entity tag: an id is made of a path, where another file may be by now,
 * so that whoever takes one of these reads nothing of the file but by that tag.
 */
export class TableFooters {
  readonly #kept: KeptFooters
  readonly #namespace: string
  /** Tags of files that were not found again by them. */
  readonly #doubted = new Map<string, string>()
  readonly #shapes = new Map<string, SharedShape>()
  #isKeeping = true
  #length: number | undefined

  constructor(kept: KeptFooters, namespace: string) {
    this.#kept = kept
    this.#namespace = namespace
  }

  known(shared: SharedFile): KnownFooter | undefined {
    return this.#kept.get(this.#keyOf(shared))
  }

  /** Without a tag nothing would tell the file from another in its place: then it is not kept. */
  keep(shared: SharedFile, metadata: Uint8Array, tag: string | undefined): void {
    const key = this.#keyOf(shared)
    // A store that says a tag, and then does not find the file by it, would be asked twice by every query.
    if (tag !== undefined && this.#doubted.get(key) === tag) this.#isKeeping = false
    this.#doubted.delete(key)
    if (tag === undefined || !this.#isKeeping) return
    this.#kept.set(key, { tag, metadata: metadata.slice() })
  }

  /** Notes how DuckDB reads a file of which this is the footer. */
  noteRead(shared: SharedFile, metadata: Uint8Array, read: FileRead): void {
    const key = this.#keyOf(shared)
    const known = this.#kept.get(key)
    // Another query may have found another file there meanwhile.
    if (known === undefined || !isSame(known.metadata, metadata)) return
    this.#kept.set(key, { ...known, read })
  }

  /** One shape for all that are alike. */
  shapeLike({ columns, hasFieldIds, doubted }: SharedShape): SharedShape {
    const key = JSON.stringify([columns, hasFieldIds, [...doubted]])
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear()
    const shape = { columns, hasFieldIds, doubted }
    this.#shapes.set(key, shape)
    return shape
  }

  /** What was known of the file before is not believed. */
  forget(shared: SharedFile): void {
    this.#kept.delete(this.#keyOf(shared))
  }

  /** The same of a file that was replaced, or whose store does not say that it is the same. */
  doubt(shared: SharedFile): void {
    const known = this.known(shared)
    if (known !== undefined) this.#doubted.set(this.#keyOf(shared), known.tag)
    this.forget(shared)
  }

  #keyOf({ id, file }: SharedFile): string {
    return JSON.stringify([this.#namespace, id, file.size])
  }

  /** Bytes of a file's end to ask for first. */
  guess(fields: readonly Field[]): number {
    const guessed =
      this.#length === undefined
        ? Math.max(FIRST_BYTES, leavesOf(fields) * BYTES_OF_LEAF)
        : // Another file's numbers have more digits, or its texts are longer.
          Math.max(LEAST_BYTES, Math.ceil((this.#length * 9) / 8))
    return Math.min(MOST_BYTES, guessed)
  }

  /** A longer one counts at once, shorter ones by and by: of files that are not alike the longer ones are remembered. */
  found(bytes: number): void {
    const known = this.#length ?? bytes
    this.#length = bytes >= known ? bytes : known - (known - bytes) / 16
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function leavesOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { type }) => sum + leavesOfType(type), 0)
}

function leavesOfType(type: DataType): number {
  if (typeof type === 'string') return 1
  switch (type.kind) {
    case 'struct':
      return leavesOf(type.fields)
    case 'list':
      return leavesOf([type.element])
    case 'map':
      return leavesOf([type.key, type.value])
    default:
      return 1
  }
}
