import { inSlices, type ReadBudgets, Slices, type Steps, sorted, TableError } from '@spillway/core'
import {
  type AvroCursor,
  type AvroObject,
  type AvroType,
  avroValueSteps,
  AvroCursor as Cursor,
  compileAvroReader,
  type HFile,
  parseAvroSchemaLater,
} from '@spillway/encoding'
import { splitNull } from '../schema/schema.js'

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
  readonly #decoders = new Map<string, Promise<Decoder>>()

  /** `everywhere` is a key that each base file of the index has: one without it is another index's. */
  constructor(slices: readonly IndexSlice[], everywhere?: string) {
    this.#slices = slices
    this.#everywhere = everywhere
  }

  async lookup(keys: readonly string[], signal?: AbortSignal): Promise<IndexReplay> {
    const slices = new Slices()
    const wanted = await inSlices(sortedKeys(keys), slices)
    const found = new Map<string, AvroObject[]>()
    for (const { base, logs } of this.#slices) {
      for (const file of base === undefined ? logs : [base, ...logs]) {
        if ('deleted' in file) {
          for (const key of file.deleted) {
            found.delete(key)
            if (slices.isOver) await slices.pause()
          }
          continue
        }
        const decode = await this.#decoder(file)
        let isMissing = file === base && keys.some(key => key === this.#everywhere)
        for await (const { key, value } of file.hfile.lookup(wanted, signal)) {
          const name = text.decode(key)
          if (name === this.#everywhere) isMissing = false
          const record = await inSlices(decode(value), slices)
          const known = found.get(name)
          if (known === undefined) found.set(name, [record])
          else known.push(record)
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

  async #decoder(file: IndexFile): Promise<Decoder> {
    const { schema } = file
    if (schema === undefined) {
      if (file.hfile.entryCount === 0) return noRecord
      throw new TableError('TABLE_CORRUPT', `${file.path} states no schema of its values`, {
        context: { path: file.path },
      })
    }
    let decode = this.#decoders.get(schema)
    if (decode === undefined) {
      const { budgets } = file.hfile
      decode = parseAvroSchemaLater(schema, budgets).then(type => recordDecoder(type, budgets))
      this.#decoders.set(schema, decode)
    }
    return decode
  }
}

/** Keys that are encoded at once. */
const KEYS_IN_A_STEP = 1024

function* sortedKeys(keys: readonly string[]): Steps<readonly Uint8Array[]> {
  const seen = new Set<string>()
  const encoded: Uint8Array[] = []
  for (const [i, key] of keys.entries()) {
    if (i % KEYS_IN_A_STEP === KEYS_IN_A_STEP - 1) yield
    if (seen.has(key)) continue
    seen.add(key)
    encoded.push(utf8.encode(key))
  }
  return yield* sorted(encoded, Buffer.compare)
}

/** What a value of the index is read by: the files of a partition are one. */
type Decoder = (bytes: Uint8Array) => Steps<AvroObject>

// biome-ignore lint/correctness/useYield: what has no entries has none to read.
function* noRecord(): Steps<AvroObject> {
  return {}
}

/** Reads metadata records; unions of several records keep the name of the one that was there. */
function recordDecoder(type: AvroType, budgets: ReadBudgets): Decoder {
  const read = fieldsInSteps(type)
  return function* (bytes) {
    const cursor = new Cursor(bytes, budgets)
    const record = (yield* read(cursor)) as AvroObject
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

/** Fields that are maps and lists are of any length, and hold no wrapped values. */
function fieldsInSteps(type: AvroType): (cursor: AvroCursor) => Steps<unknown> {
  if (type.kind !== 'record') {
    const read = compileWrapped(type)
    // biome-ignore lint/correctness/useYield: no record of the index is anything else.
    return function* (cursor) {
      return read(cursor)
    }
  }
  const fields = type.fields.map(({ name, type: inner }) => {
    const isLong = ['map', 'array'].includes(splitNull(inner).present.kind)
    return isLong
      ? { name, isLong, read: avroValueSteps(inner) }
      : { name, isLong, read: compileWrapped(inner, 1) }
  })
  return function* (cursor) {
    const record = Object.create(null) as Record<string, unknown>
    for (const { name, isLong, read } of fields) {
      record[name] = isLong ? yield* read(cursor) as Steps<unknown> : read(cursor)
    }
    return record
  }
}

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
