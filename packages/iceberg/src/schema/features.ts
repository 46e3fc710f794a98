import {
  atOnce,
  type DataType,
  type Field,
  isPrimitive,
  type PrimitiveType,
  type Steps,
  typeName,
} from '@spillway/core'
import {
  everyField,
  FIELDS_IN_A_STEP,
  fieldsById,
  mapFields,
  type SchemaHistory,
} from './schema.js'

/** What a recipient must be able to do with the files of a snapshot, in the words of Delta's table features. */
export function tableFeatures(
  metadata: SchemaHistory,
  fields: readonly Field[],
  manifests: readonly { readonly content: 'data' | 'deletes' }[],
): ReadonlySet<string> {
  return atOnce(tableFeaturesInSteps(metadata, fields, manifests))
}

/** Table features of very many columns and schemas, in steps. */
export function* tableFeaturesInSteps(
  { schemas, isHistoryWhole }: SchemaHistory,
  fields: readonly Field[],
  manifests: readonly { readonly content: 'data' | 'deletes' }[],
): Steps<ReadonlySet<string>> {
  const features = new Set<string>()
  if (manifests.some(({ content }) => content === 'deletes')) features.add('deletionVectors')
  const now = yield* knownColumns(fields)
  if (!isHistoryWhole || !now.areSpelledAlike) features.add('columnMapping')
  if (now.haveDefaults) features.add('initialDefaults')
  let looks = 0
  for (const schema of schemas.values()) {
    if (schema === fields) continue
    for (const [field, above] of everyField(schema, '', pathOf)) {
      if (isRenamed(field, pathOf(field, above), now)) features.add('columnMapping')
      if (isWidened(field, now)) features.add('typeWidening')
      if (++looks % FIELDS_IN_A_STEP === 0) yield
    }
    if (++looks % FIELDS_IN_A_STEP === 0) yield
  }
  return features
}

/** What is asked of the columns of now, by id and by the names around and of them. */
interface KnownColumns {
  readonly types: ReadonlyMap<number, DataType>
  readonly paths: ReadonlyMap<number, string>
  readonly ids: ReadonlyMap<string, number | typeof SEVERAL>
  readonly areSpelledAlike: boolean
  readonly haveDefaults: boolean
}

const SEVERAL = 'several'

function* knownColumns(fields: readonly Field[]): Steps<KnownColumns> {
  const types = new Map<number, DataType>()
  const paths = new Map<number, string>()
  const ids = new Map<string, number | typeof SEVERAL>()
  let [areSpelledAlike, haveDefaults] = [true, false]
  for (const [field, above] of everyField(fields, '', pathOf)) {
    const path = pathOf(field, above)
    types.set(field.id, field.type)
    paths.set(field.id, path)
    ids.set(path, ids.has(path) ? SEVERAL : field.id)
    areSpelledAlike &&= isSpelledAlike(field.name)
    haveDefaults ||= field.initialDefault !== undefined
    if (paths.size % FIELDS_IN_A_STEP === 0) yield
  }
  return { types, paths, ids, areSpelledAlike, haveDefaults }
}

function pathOf({ name }: Field, above: string): string {
  return `${above}\u001f${name}`
}

/** True for names that Iceberg's writers put into files as they are (`AvroSchemaUtil.sanitize`). */
function isSpelledAlike(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name)
}

/** True when a file written when `field` was at `path` names a column of now differently, or another column like it. */
function isRenamed({ id }: Field, path: string, now: KnownColumns): boolean {
  return (now.paths.get(id) ?? path) !== path || (now.ids.get(path) ?? id) !== id
}

function isWidened({ id, type }: Field, now: KnownColumns): boolean {
  const later = now.types.get(id)
  return later !== undefined && isOtherwise(type, later)
}

/**
 * True when files written under `before` may hold another type than `now`. A wider type is a later one: a snapshot
 * from before the promotion has no files of it.
 */
function isOtherwise(before: DataType, now: DataType): boolean {
  return typeName(before) !== typeName(now) && !isPromotion(now, before)
}

/** Iceberg spec, "Schema Evolution": the promotions of primitive types. */
function isPromotion(from: DataType, to: DataType): boolean {
  if (from === 'int') return to === 'long'
  if (from === 'float') return to === 'double'
  if (from === 'date') return to === 'timestamp' || to === 'timestamp_ns'
  if (typeof from === 'string' || from.kind !== 'decimal') return false
  if (typeof to === 'string' || to.kind !== 'decimal') return false
  return from.scale === to.scale && from.precision < to.precision
}

/** The fields, with the types that files written under earlier schemas may hold. */
export function withEarlierTypes(
  fields: readonly Field[],
  schemas: ReadonlyMap<number, readonly Field[]>,
): readonly Field[] {
  return atOnce(withEarlierTypesInSteps(fields, schemas))
}

/** Fields with their earlier types, of very many columns and schemas, in steps. */
export function* withEarlierTypesInSteps(
  fields: readonly Field[],
  schemas: ReadonlyMap<number, readonly Field[]>,
): Steps<readonly Field[]> {
  const earlier = yield* earlierTypes(yield* fieldsById(fields), fields, schemas)
  let looks = 0
  const visit = function* (siblings: readonly Field[]): Steps<readonly Field[]> {
    const typed: Field[] = []
    for (const field of siblings) {
      const types = earlier.get(field.id)
      const type = yield* mapFields(field.type, visit)
      typed.push({ ...field, type, ...(types && { earlierTypes: [...types.values()] }) })
      if (++looks % FIELDS_IN_A_STEP === 0) yield
    }
    return typed
  }
  return yield* visit(fields)
}

/** The other types that columns had, by the id of the column and then by the name of the type. */
function* earlierTypes(
  now: ReadonlyMap<number, Field>,
  fields: readonly Field[],
  schemas: ReadonlyMap<number, readonly Field[]>,
): Steps<ReadonlyMap<number, ReadonlyMap<string, PrimitiveType>>> {
  const found = new Map<number, Map<string, PrimitiveType>>()
  let looks = 0
  for (const schema of schemas.values()) {
    if (schema === fields) continue
    if (++looks % FIELDS_IN_A_STEP === 0) yield
    for (const [{ id, type }] of everyField(schema, undefined, () => undefined)) {
      if (++looks % FIELDS_IN_A_STEP === 0) yield
      const later = now.get(id)?.type
      if (later === undefined || later === type) continue
      if (!isPrimitive(type) || !isOtherwise(type, later)) continue
      const types = found.get(id) ?? new Map<string, PrimitiveType>()
      found.set(id, types.set(typeName(type), type))
    }
  }
  return found
}
