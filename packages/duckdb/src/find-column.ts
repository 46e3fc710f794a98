import { type Field, type Snapshot, TableError } from '@spillway/core'
import type { FindColumn } from './column-sql.js'
import type { FileColumn, FileShape } from './file-shape.js'

/** One entry of Iceberg's `schema.name-mapping.default`. */
interface MappedField {
  readonly 'field-id'?: number
  readonly names?: readonly string[]
  readonly fields?: readonly MappedField[]
}

/**
 * How the columns of `shape` are found. Iceberg and Delta's id mode go by field id (delta.md 1c, iceberg.md 1.1);
 * files without ids by the table's name mapping; Hudi's by what each file calls its columns; everything else by
 * physical name.
 */
export function columnFinder(
  snapshot: Snapshot,
  shape: FileShape,
  names?: ReadonlyMap<number, string | null>,
): FindColumn {
  if (names !== undefined) return byOwnName(names)
  if (!usesFieldIds(snapshot)) return byName
  if (shape.hasFieldIds) return byFieldId
  if (snapshot.format !== 'iceberg') return byName
  const mapping = snapshot.properties.get('schema.name-mapping.default')
  return mapping === undefined ? byName : byMapping(namesById(parseMapping(mapping)))
}

function usesFieldIds({ format, properties }: Snapshot): boolean {
  if (format === 'iceberg') return true
  return format === 'delta' && properties.get('delta.columnMapping.mode') === 'id'
}

const byFieldId: FindColumn = (field, columns) =>
  found(columns.findIndex(({ fieldId }) => fieldId === field.id))

/** Exactly first, then without case, which must be unambiguous. */
const byName: FindColumn = (field, columns) => {
  const exact = columns.findIndex(({ name }) => name === field.physicalName)
  if (exact >= 0) return exact
  const lowered = field.physicalName.toLowerCase()
  const alike = columns.flatMap(({ name }, i) => (name.toLowerCase() === lowered ? [i] : []))
  if (alike.length > 1) throw ambiguous(field, columns)
  return alike[0]
}

/** Files of a table whose columns were renamed say what they call each; one that they do not have is null. */
function byOwnName(names: ReadonlyMap<number, string | null>): FindColumn {
  return (field, columns) => {
    const physicalName = names.get(field.id)
    if (physicalName === null) return undefined
    return byName(physicalName === undefined ? field : { ...field, physicalName }, columns)
  }
}

function byMapping(names: ReadonlyMap<number, readonly string[]>): FindColumn {
  return (field, columns) => {
    const known = names.get(field.id) ?? []
    return found(columns.findIndex(({ name }) => known.includes(name)))
  }
}

function found(position: number): number | undefined {
  return position < 0 ? undefined : position
}

function parseMapping(text: string): readonly MappedField[] {
  try {
    const parsed: unknown = JSON.parse(text)
    if (Array.isArray(parsed)) return parsed as readonly MappedField[]
  } catch {
    // Reported below, with what was expected.
  }
  throw new TableError('TABLE_CORRUPT', 'schema.name-mapping.default is not a JSON list of fields')
}

function namesById(
  fields: readonly MappedField[],
  into = new Map<number, readonly string[]>(),
): ReadonlyMap<number, readonly string[]> {
  for (const field of fields) {
    if (field['field-id'] !== undefined) into.set(field['field-id'], field.names ?? [])
    namesById(field.fields ?? [], into)
  }
  return into
}

function ambiguous(field: Field, columns: readonly FileColumn[]): TableError {
  const names = columns
    .map(({ name }) => name)
    .filter(name => name.toLowerCase() === field.physicalName.toLowerCase())
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${field.name} is one of ${names.join(', ')} in a file, which differ in case alone`,
    { context: { column: field.name } },
  )
}
