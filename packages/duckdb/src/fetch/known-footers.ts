import type { DataType, Field } from '@spillway/core'

/** What an attachment has learned of the footers of its tables. */
export class KnownFooters {
  readonly #tables = new Map<string, TableFooters>()

  /** `namespace` tells tables apart, whose file ids may be alike. */
  of(namespace: string): TableFooters {
    const known = this.#tables.get(namespace)
    if (known !== undefined) return known
    const made = new TableFooters()
    this.#tables.set(namespace, made)
    return made
  }
}

/** Before any was read: longer than those of most tables of up to 25 columns. */
const FIRST_BYTES = 8 * 1024
/** What a row group's statistics, sizes and encodings of one leaf take, and its name. */
const BYTES_OF_LEAF = 320
const LEAST_BYTES = 2 * 1024
const MOST_BYTES = 1024 * 1024

/** How long the footers of one table are, by those that were read: a first request that is long enough is the only one. */
export class TableFooters {
  #length: number | undefined

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
