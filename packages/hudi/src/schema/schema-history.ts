import {
  budgetsOf,
  type FieldPath,
  inSlices,
  isTableError,
  type ObjectStore,
  type ReadBudgets,
  readWhole,
  type Steps,
  TableError,
} from '@spillway/core'
import { documentBytes, type LongJsonValue, longJsonInSteps } from '@spillway/encoding'
import { z } from 'zod'

/** A schema of Hudi's schema-on-read evolution: columns keep their id whatever they are called. */
interface InternalSchema {
  readonly version: bigint
  /** Dotted name of every column and nested field to its id, and back. */
  readonly idOf: ReadonlyMap<string, number>
  readonly nameOf: ReadonlyMap<number, readonly string[]>
}

/** Names that columns had when a file was written. */
export interface SchemaHistory {
  /** True when some column was once called something else: files then need their names mapped. */
  readonly renames: boolean
  /** Name of the column in files of `instant`; 'absent' where it did not exist yet, undefined where unknown. */
  nameAt(path: FieldPath, instant: string): readonly string[] | 'absent' | undefined
}

interface FieldDocument {
  readonly id: number
  readonly name: string
  readonly type: unknown
}

const fieldDocument: z.ZodType<FieldDocument> = z.object({
  id: z.number(),
  name: z.string(),
  type: z.unknown(),
}) as z.ZodType<FieldDocument>
/** Fields are looked at one by one: there may be tens of thousands. */
const schemaDocument = z.object({
  version_id: z.union([z.number().int(), z.string().regex(/^-?\d{1,20}$/), z.bigint()]),
  fields: z.custom<readonly unknown[]>(Array.isArray),
})
const historyDocument = z.object({ schemas: z.custom<readonly unknown[]>(Array.isArray) })

/** `<instant>.schemacommit` in layout 1, `<begin>_<completion>.schemacommit` in layout 2. */
const SCHEMA_COMMIT = /^(\d+)(?:_\d+)?\.schemacommit$/

/** The history of a table whose latest commit carries `latestSchema`; undefined for tables that never evolved so. */
export async function loadSchemaHistory(
  store: ObjectStore,
  root: string,
  latestSchema: string | undefined,
  options: { readonly asOf?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<SchemaHistory | undefined> {
  if (latestSchema === undefined) return undefined
  const folder = `${root}/.hoodie/.schema/`
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  let last: string | undefined
  for await (const { path } of store.list(folder, signal)) {
    const begin = SCHEMA_COMMIT.exec(path.slice(folder.length))?.[1]
    if (begin === undefined || (options.asOf !== undefined && begin > options.asOf)) continue
    last = path
  }
  const budgets = budgetsOf(store)
  const limits = { path: `${root}: latest_schema`, budgets }
  const current = await read(new TextEncoder().encode(latestSchema), internalSchema, limits)
  const found = last === undefined ? undefined : await readWhole(store, last, signal)
  if (last === undefined || found === undefined) return inSlices(historyOf([current]))
  const bytes = await documentBytes(found.bytes, last, budgets)
  const earlier = await read(bytes, internalSchemas, { path: last, budgets })
  return inSlices(historyOf([...earlier, current]))
}

function* historyOf(schemas: readonly InternalSchema[]): Steps<SchemaHistory> {
  const versions = [...schemas].sort((a, b) =>
    a.version < b.version ? -1 : a.version > b.version ? 1 : 0,
  )
  const current = schemas[schemas.length - 1]!
  let renames = false
  for (const version of versions) {
    renames ||= yield* differs(version, current)
  }
  return {
    renames,
    nameAt(path, instant) {
      const id = current.idOf.get(
        path
          .map(field => field.name)
          .join('.')
          .toLowerCase(),
      )
      if (id === undefined) return undefined
      const at = BigInt(instant)
      const version = versions.findLast(schema => schema.version <= at) ?? versions[0]!
      return version.nameOf.get(id) ?? 'absent'
    },
  }
}

/** True when a column of `current` had another name in `old`, or when its name meant another column there. */
function* differs(old: InternalSchema, current: InternalSchema): Steps<boolean> {
  let seen = 0
  for (const [name, id] of current.idOf) {
    if (++seen % FIELDS_IN_A_STEP === 0) yield
    const then = old.nameOf.get(id)
    if (then !== undefined && then.join('.').toLowerCase() !== name) return true
    const other = old.idOf.get(name)
    if (other !== undefined && other !== id) return true
  }
  return false
}

interface Limits {
  readonly path: string
  readonly budgets: ReadBudgets
}

/** What `shape` makes of a document in JSON, in slices. Versions are instants of 17 digits, which doubles would round. */
async function read<T>(
  bytes: Uint8Array,
  shape: (document: LongJsonValue) => Steps<T>,
  limits: Limits,
): Promise<T> {
  const { path } = limits
  try {
    return await inSlices(documentInSteps(bytes, shape, limits))
  } catch (cause) {
    if (isTableError(cause) && cause.code !== 'TABLE_CORRUPT') throw cause
    throw new TableError('TABLE_CORRUPT', `${path} is no schema history`, {
      context: { path },
      cause,
    })
  }
}

function* documentInSteps<T>(
  bytes: Uint8Array,
  shape: (document: LongJsonValue) => Steps<T>,
  limits: Limits,
): Steps<T> {
  return yield* shape(yield* longJsonInSteps(bytes, limits))
}

function* internalSchemas(document: LongJsonValue): Steps<readonly InternalSchema[]> {
  const schemas: InternalSchema[] = []
  for (const schema of historyDocument.parse(document).schemas) {
    schemas.push(yield* internalSchema(schema))
  }
  return schemas
}

/** Fields that are looked at at once: about a millisecond. */
const FIELDS_IN_A_STEP = 256

function* internalSchema(document: unknown): Steps<InternalSchema> {
  const { version_id: version, fields } = schemaDocument.parse(document)
  const found = { version: BigInt(version), idOf: new Map(), nameOf: new Map() }
  const known = yield* fieldsOf(fields)
  if (known === undefined) throw new TableError('TABLE_CORRUPT', 'expected fields with ids')
  yield* addFields(known, [], found)
  return found
}

function* addFields(
  fields: readonly FieldDocument[],
  above: readonly string[],
  found: {
    readonly idOf: Map<string, number>
    readonly nameOf: Map<number, readonly string[]>
  },
): Steps<void> {
  let seen = 0
  for (const field of fields) {
    if (++seen % FIELDS_IN_A_STEP === 0) yield
    const name = [...above, field.name]
    found.idOf.set(name.join('.').toLowerCase(), field.id)
    found.nameOf.set(field.id, name)
    const { fields: below } = (field.type ?? {}) as { readonly fields?: unknown }
    const nested = Array.isArray(below) ? yield* fieldsOf(below) : undefined
    if (nested !== undefined) yield* addFields(nested, name, found)
  }
}

/** Undefined where one of them is no field. */
function* fieldsOf(list: readonly unknown[]): Steps<readonly FieldDocument[] | undefined> {
  const fields: FieldDocument[] = []
  for (const each of list) {
    const { success, data } = fieldDocument.safeParse(each)
    if (!success) return undefined
    fields.push(data)
    if (fields.length % FIELDS_IN_A_STEP === 0) yield
  }
  return fields
}
