import { type ReadBudgets, TableError } from '@spillway/core'
import {
  type AvroCursor,
  type AvroObject,
  type AvroType,
  AvroCursor as Cursor,
  compileAvroReader,
  type HFile,
  parseAvroSchema,
} from '@spillway/encoding'

/** An HFile of the index and the Avro schema of its values. */
export interface IndexFile {
  readonly hfile: HFile
  readonly schema: string | undefined
  readonly path: string
}

/** A log block: records, or keys whose records before it are gone. */
export type IndexLog = IndexFile | { readonly deleted: readonly string[] }

/** A file group of an index. */
export interface IndexSlice {
  readonly base: IndexFile | undefined
  readonly logs: readonly IndexLog[]
}

/** Records by key, oldest first. A field of wrapped values says which wrapper it was. */
export type IndexReplay = ReadonlyMap<string, readonly AvroObject[]>

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** The file groups of one index: a key lies in one of them, which its hash says; all are asked. */
export class IndexSource {
  readonly #slices: readonly IndexSlice[]
  readonly #everywhere: string | undefined
  readonly #decoders = new Map<string, (bytes: Uint8Array) => AvroObject>()

  /** `everywhere` is a key that each base file of the index has: one without it is another index's. */
  constructor(slices: readonly IndexSlice[], everywhere?: string) {
    this.#slices = slices
    this.#everywhere = everywhere
  }

  async lookup(keys: readonly string[], signal?: AbortSignal): Promise<IndexReplay> {
    const sorted = [...new Set(keys)].map(key => utf8.encode(key)).sort(Buffer.compare)
    const found = new Map<string, AvroObject[]>()
    for (const { base, logs } of this.#slices) {
      for (const file of base === undefined ? logs : [base, ...logs]) {
        if ('deleted' in file) {
          for (const key of file.deleted) found.delete(key)
          continue
        }
        const decode = this.#decoder(file)
        let isMissing = file === base && keys.some(key => key === this.#everywhere)
        for await (const { key, value } of file.hfile.lookup(sorted, signal)) {
          const name = text.decode(key)
          if (name === this.#everywhere) isMissing = false
          const known = found.get(name)
          if (known === undefined) found.set(name, [decode(value)])
          else known.push(decode(value))
        }
        if (isMissing) {
          const { path } = file
          throw new TableError('TABLE_CORRUPT', `${path} has no record ${this.#everywhere}`, {
            context: { path },
          })
        }
      }
    }
    return found
  }

  #decoder(file: IndexFile): (bytes: Uint8Array) => AvroObject {
    const { schema } = file
    if (schema === undefined) {
      if (file.hfile.entryCount === 0) return () => ({})
      throw new TableError('TABLE_CORRUPT', `${file.path} states no schema of its values`, {
        context: { path: file.path },
      })
    }
    let decode = this.#decoders.get(schema)
    if (decode === undefined) {
      const { budgets } = file.hfile
      decode = recordDecoder(parseAvroSchema(schema, budgets), budgets)
      this.#decoders.set(schema, decode)
    }
    return decode
  }
}

/** Name of the wrapper that a bound came in, beside its value. */
export interface Wrapped {
  readonly wrapper: string
  readonly value: AvroObject
}

/** Reads metadata records; unions of several records keep the name of the one that was there. */
function recordDecoder(type: AvroType, budgets: ReadBudgets): (bytes: Uint8Array) => AvroObject {
  const read = compileWrapped(type)
  return bytes => {
    const cursor = new Cursor(bytes, budgets)
    const record = read(cursor) as AvroObject
    cursor.check()
    if (cursor.pos === bytes.length) return record
    // A map of files that ended early would be files that are not there.
    throw new TableError(
      'TABLE_CORRUPT',
      `a record of the table's index ends at byte ${cursor.pos} of ${bytes.length}`,
    )
  }
}

type Reader = (cursor: AvroCursor) => unknown

/** Records of the metadata table do not contain themselves; those that do would never be compiled. */
const MAX_DEPTH = 100

function compileWrapped(type: AvroType, depth = 0): Reader {
  if (depth > MAX_DEPTH) {
    throw new TableError('TABLE_CORRUPT', "a schema of the table's index contains itself")
  }
  if (type.kind === 'union') {
    const named = type.branches.filter(branch => branch.kind === 'record').length > 1
    const readers = type.branches.map(branch =>
      named && branch.kind === 'record'
        ? wrapped(branch.name, compileAvroReader(branch))
        : compileWrapped(branch, depth + 1),
    )
    return cursor => readers[cursor.readBranch(readers.length)]!(cursor)
  }
  if (type.kind !== 'record') return compileAvroReader(type)
  const fields = type.fields.map(
    field => [field.name, compileWrapped(field.type, depth + 1)] as const,
  )
  return cursor => {
    const record = Object.create(null) as Record<string, unknown>
    for (const [name, field] of fields) record[name] = field(cursor)
    return record
  }
}

function wrapped(name: string, read: Reader): Reader {
  const wrapper = name.slice(name.lastIndexOf('.') + 1)
  return cursor => ({ wrapper, value: read(cursor) })
}
