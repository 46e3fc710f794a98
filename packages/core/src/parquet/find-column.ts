import { TableError } from '../errors/errors.js'
import type { Field } from '../schema/schema.js'
import type { FormatFacts } from '../table/format-facts.js'
import { atOnce, type Steps } from '../tasks/slices.js'
import { columnIndex, type FoundColumn } from './column-index.js'

/** The position of the column that holds a field among `columns`, all of one level; undefined where none does. */
export type FindColumn = (field: Field, columns: readonly FoundColumn[]) => number | undefined

/** One entry of Iceberg's `schema.name-mapping.default`. */
interface MappedField {
  readonly 'field-id'?: number
  readonly names?: readonly string[]
  readonly fields?: readonly MappedField[]
}

/** Iceberg's property that gives ids to the columns of files without any, by their names. */
export const NAME_MAPPING = 'schema.name-mapping.default'

/**
 * How the table itself finds its columns in a file (decision 0017), which `names` overrules: what the file is known to
 * call each column.
 */
export function columnFinder(
  { columnMatching: matching }: Pick<FormatFacts, 'columnMatching'>,
  file: { readonly columns: readonly FoundColumn[]; readonly hasFieldIds: boolean },
  names?: ReadonlyMap<number, string | null>,
): FindColumn {
  if (names !== undefined) return byOwnName(names)
  if (matching.by === 'name') return byName
  if (file.hasFieldIds) return byFieldId
  switch (matching.withoutIds) {
    case 'name':
      return byName
    case 'position':
      return byPosition(file.columns)
    case 'mapping':
      return byMapping(mappedNames(matching.mapping))
  }
}

export const byFieldId: FindColumn = (field, columns) => columnIndex(columns).withId(field.id)

/** Exactly first, then without case, which must be unambiguous. */
const byName: FindColumn = (field, columns) => {
  const index = columnIndex(columns)
  const exact = index.named(field.physicalName)
  if (exact !== undefined) return exact
  const alike = index.alike(field.physicalName)
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
    const index = columnIndex(columns)
    const places = (names.get(field.id) ?? []).flatMap(name => index.named(name) ?? [])
    return places.length === 0 ? undefined : Math.min(...places)
  }
}

/**
 * Java's fallback ids: columns count from 1. Fields below them have none, and are taken as they come: where their names
 * are the table's that is the same, and elsewhere engines differ.
 */
function byPosition(top: readonly FoundColumn[]): FindColumn {
  return (field, columns) => {
    if (columns === top) return field.id <= top.length ? field.id - 1 : undefined
    const at = columnIndex(columns).named(field.name)
    if (at !== undefined) return at
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `a file without field ids holds ${columns.map(({ name }) => name).join(', ')} where the table has ${field.name}, and the table has no ${NAME_MAPPING}: engines read it differently; set the property`,
      { context: { column: field.name } },
    )
  }
}

/** The names that a mapping gives each field id, nested ones too; the oldest first, as its writers append. */
export function mappedNames(mapping: string): ReadonlyMap<number, readonly string[]> {
  return atOnce(mappedNamesInSteps(parseMapping(mapping)))
}

/** `mappedNames` of a mapping that has been parsed; undefined where it was no JSON. It yields after some thousands of names. */
export function* mappedNamesInSteps(
  mapping: unknown,
): Steps<ReadonlyMap<number, readonly string[]>> {
  const names = new Map<number, readonly string[]>()
  yield* addNames(mapping, names, 0)
  return names
}

/** Levels of a mapping that are followed: schemas are read as deep. */
const MAX_DEPTH = 200
const NAMES_IN_A_STEP = 2048

/** The JSON of a mapping; undefined of what is none, which is no list of fields either. */
function parseMapping(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function notAMapping(reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `${NAME_MAPPING} ${reason}`)
}

function* addNames(
  fields: unknown,
  into: Map<number, readonly string[]>,
  depth: number,
): Steps<void> {
  if (depth > MAX_DEPTH) throw notAMapping(`nests more than ${MAX_DEPTH} deep`)
  if (!Array.isArray(fields)) throw notAMapping('is not a JSON list of fields')
  for (const field of fields as readonly (MappedField | null)[]) {
    const names = field?.names ?? []
    if (field === null || !Array.isArray(names)) throw notAMapping('has a field that is none')
    if (field['field-id'] !== undefined) {
      into.set(field['field-id'], names)
      if (into.size % NAMES_IN_A_STEP === 0) yield
    }
    if (field.fields !== undefined && field.fields !== null) {
      yield* addNames(field.fields, into, depth + 1)
    }
  }
}

function ambiguous(field: Field, columns: readonly FoundColumn[]): TableError {
  const names = columns
    .map(({ name }) => name)
    .filter(name => name.toLowerCase() === field.physicalName.toLowerCase())
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${field.name} is one of ${names.join(', ')} in a file, which differ in case alone`,
    { context: { column: field.name } },
  )
}
