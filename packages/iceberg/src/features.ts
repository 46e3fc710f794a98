import {
  childrenOf,
  type DataType,
  type Field,
  isPrimitive,
  mapChildren,
  type PrimitiveType,
  typeName,
} from '@spillway/core'
import type { ManifestFile } from './manifest-list.js'
import type { IcebergMetadata } from './metadata.js'
import { fieldsById } from './schema.js'

/** What a recipient must be able to do with the files of a snapshot, in the words of Delta's table features. */
export function tableFeatures(
  metadata: IcebergMetadata,
  fields: readonly Field[],
  manifests: readonly ManifestFile[],
): ReadonlySet<string> {
  const features = new Set<string>()
  if (manifests.some(({ content }) => content === 'deletes')) features.add('deletionVectors')
  const earlier = [...metadata.schemas.values()].filter(schema => schema !== fields)
  const renamed = earlier.some(schema => isRenamed(fields, schema))
  if (!metadata.isHistoryWhole || renamed || !fields.every(isSpelledAlike)) {
    features.add('columnMapping')
  }
  if (earlier.some(schema => isWidened(fields, schema))) features.add('typeWidening')
  if (hasDefault(fields)) features.add('initialDefaults')
  return features
}

/** True for names that Iceberg's writers put into files as they are (`AvroSchemaUtil.sanitize`). */
function isSpelledAlike({ name, type }: Field): boolean {
  return /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name) && (childrenOf(type) ?? []).every(isSpelledAlike)
}

/** True when a file written under `earlier` names a column of now differently, or another column like it. */
function isRenamed(fields: readonly Field[], earlier: readonly Field[]): boolean {
  const before = pathsById(earlier)
  const idOf = new Map([...before].map(([id, path]) => [path, id]))
  return [...pathsById(fields)].some(([id, path]) => {
    const old = before.get(id)
    const sameName = idOf.get(path)
    return (old !== undefined && old !== path) || (sameName !== undefined && sameName !== id)
  })
}

function pathsById(fields: readonly Field[]): Map<number, string> {
  const paths = new Map<number, string>()
  const visit = (field: Field, above: string) => {
    const path = `${above}\u001f${field.name}`
    paths.set(field.id, path)
    for (const child of childrenOf(field.type) ?? []) visit(child, path)
  }
  for (const field of fields) visit(field, '')
  return paths
}

function isWidened(fields: readonly Field[], earlier: readonly Field[]): boolean {
  const before = fieldsById(earlier)
  return [...fieldsById(fields)].some(([id, { type }]) => {
    const old = before.get(id)
    return old !== undefined && isOtherwise(old.type, type)
  })
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
  const history = [...schemas.values()].filter(schema => schema !== fields).map(fieldsById)
  const visit = (field: Field): Field => {
    const earlier = earlierTypes(field, history)
    const type = mapChildren(field.type, visit)
    return { ...field, type, ...(earlier.length > 0 && { earlierTypes: earlier }) }
  }
  return fields.map(visit)
}

function earlierTypes(
  { id, type }: Field,
  history: readonly ReadonlyMap<number, Field>[],
): readonly PrimitiveType[] {
  const found = new Map<string, PrimitiveType>()
  for (const schema of history) {
    const before = schema.get(id)?.type
    if (before === undefined || !isPrimitive(before) || !isOtherwise(before, type)) continue
    found.set(typeName(before), before)
  }
  return [...found.values()]
}

function hasDefault(fields: readonly Field[]): boolean {
  return [...fieldsById(fields).values()].some(field => field.initialDefault !== undefined)
}
