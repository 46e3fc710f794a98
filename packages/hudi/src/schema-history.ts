import {
  budgetsOf,
  type FieldPath,
  isTableError,
  type ObjectStore,
  type ReadBudgets,
  readWhole,
  TableError,
} from '@spillway/core'
import { documentText, parseJson } from '@spillway/encoding'
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
const schemaDocument = z.object({
  version_id: z.union([z.number().int(), z.string().regex(/^-?\d{1,20}$/), z.bigint()]),
  fields: z.array(fieldDocument),
})
const historyDocument = z.object({ schemas: z.array(schemaDocument) })
const recordDocument = z.object({ fields: z.array(fieldDocument) })

/** `<instant>.schemacommit` in layout 1, `<begin>_<completion>.schemacommit` in layout 2. */
const SCHEMA_COMMIT = /^(\d+)(?:_\d+)?\.schemacommit$/

/** The history of a table whose latest commit carries `latestSchema`; undefined for tables that never evolved so. */
export async function loadSchemaHistory(
  store: ObjectStore,
  root: string,
  latestSchema: string | undefined,
  options: { readonly asOf?: string; readonly signal?: AbortSignal } = {},
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
  const current = readInternalSchema(latestSchema, {
    path: `${root}: latest_schema`,
    budgets: budgetsOf(store),
  })
  if (last === undefined) return historyOf([current])
  const found = await readWhole(store, last, signal)
  if (found === undefined) return historyOf([current])
  return historyOf([...readHistory(found.bytes, last, budgetsOf(store)), current])
}

function historyOf(schemas: readonly InternalSchema[]): SchemaHistory {
  const versions = [...schemas].sort((a, b) =>
    a.version < b.version ? -1 : a.version > b.version ? 1 : 0,
  )
  const current = schemas[schemas.length - 1]!
  return {
    renames: versions.some(version => differs(version, current)),
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
function differs(old: InternalSchema, current: InternalSchema): boolean {
  for (const [name, id] of current.idOf) {
    const then = old.nameOf.get(id)
    if (then !== undefined && then.join('.').toLowerCase() !== name) return true
    const other = old.idOf.get(name)
    if (other !== undefined && other !== id) return true
  }
  return false
}

function readHistory(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): readonly InternalSchema[] {
  const text = documentText(bytes, path, budgets)
  return parse(historyDocument, text, { path, budgets }).schemas.map(internalSchema)
}

function readInternalSchema(text: string, limits: Limits): InternalSchema {
  return internalSchema(parse(schemaDocument, text, limits))
}

interface Limits {
  readonly path: string
  readonly budgets: ReadBudgets
}

function parse<T>(shape: z.ZodType<T>, text: string, limits: Limits): T {
  const { path } = limits
  try {
    // Versions are 17-digit instants, which doubles would round.
    const quoted = text.replace(/("version_id"\s*:\s*)(\d{1,20})\b/g, '$1"$2"')
    return shape.parse(parseJson(quoted, 'a schema history', limits))
  } catch (cause) {
    if (isTableError(cause) && cause.code !== 'TABLE_CORRUPT') throw cause
    throw new TableError('TABLE_CORRUPT', `${path} is no schema history`, {
      context: { path },
      cause,
    })
  }
}

function internalSchema(document: z.infer<typeof schemaDocument>): InternalSchema {
  const idOf = new Map<string, number>()
  const nameOf = new Map<number, readonly string[]>()
  const visit = (fields: readonly FieldDocument[], above: readonly string[]): void => {
    for (const field of fields) {
      const name = [...above, field.name]
      idOf.set(name.join('.').toLowerCase(), field.id)
      nameOf.set(field.id, name)
      const nested = recordDocument.safeParse(field.type)
      if (nested.success) visit(nested.data.fields, name)
    }
  }
  visit(document.fields, [])
  return { version: BigInt(document.version_id), idOf, nameOf }
}
