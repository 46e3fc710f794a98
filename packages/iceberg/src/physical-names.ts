import {
  childrenOf,
  type DataType,
  type Field,
  isPrimitive,
  mappedNames,
  NAME_MAPPING,
} from '@spillway/core'
import type { IcebergMetadata } from './metadata.js'

export type NameHistory = Pick<IcebergMetadata, 'schemas' | 'properties' | 'isHistoryWhole'>

/**
 * The fields, with the names by which readers that fall back on names find them in files without ids: the oldest that the
 * table's name mapping knows, or else the table's own. A name that ever was another column's finds the wrong one in files
 * that have ids, so such a field gets a name that no file has, as do all without a mapping where schemas are missing.
 */
export function withPhysicalNames(
  fields: readonly Field[],
  { schemas, properties, isHistoryWhole }: NameHistory,
): readonly Field[] {
  const mapping = properties.get(NAME_MAPPING)
  const mapped = mapping === undefined ? undefined : mappedNames(mapping)
  const owners = ownersOf([...schemas.values(), fields])
  const taken = (above: string, wished: ReadonlySet<string>) => (name: string) =>
    owners.has(`${above}\u001f${name}`) || wished.has(name)
  const visit = (siblings: readonly Field[], above: string): readonly Field[] => {
    const wished = siblings.map(({ id, name }) => mapped?.get(id)?.[0] ?? name)
    const counts = countsOf(wished.map(name => name.toLowerCase()))
    const all = new Set(wished)
    const isMapped = ({ id }: Field) => mapped?.get(id)?.[0] !== undefined
    return siblings.map((field, i) => {
      const name = wished[i]!
      const isOwn =
        (isHistoryWhole || isMapped(field)) &&
        (owners.get(`${above}\u001f${name}`) ?? field.id) === field.id &&
        counts.get(name.toLowerCase()) === 1
      const physicalName = isOwn ? name : unusedName(field, taken(above, all))
      return { ...field, physicalName, type: below(field.type, `${above}\u001f${field.id}`) }
    })
  }
  const below = (type: DataType, above: string): DataType => {
    if (isPrimitive(type)) return type
    // What is in a list or a map goes by its place.
    const inside = (field: Field) => ({
      ...field,
      type: below(field.type, `${above}\u001f${field.id}`),
    })
    switch (type.kind) {
      case 'struct':
        return { ...type, fields: visit(type.fields, above) }
      case 'list':
        return { ...type, element: inside(type.element) }
      case 'map':
        return { ...type, key: inside(type.key), value: inside(type.value) }
    }
  }
  return visit(fields, '')
}

const SEVERAL = 'several'

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** A name that no column had; ids keep those of siblings apart. */
function unusedName({ name, id }: Field, isTaken: (name: string) => boolean): string {
  let unused = `${name}-${id}`
  while (isTaken(unused)) unused += `-${id}`
  return unused
}

/** Every name that a column ever had, below the ids around it, with the id of the one that had it. */
function ownersOf(
  schemas: readonly (readonly Field[])[],
): ReadonlyMap<string, number | typeof SEVERAL> {
  const owners = new Map<string, number | typeof SEVERAL>()
  const visit = ({ id, name, type }: Field, above: string) => {
    const key = `${above}\u001f${name}`
    owners.set(key, (owners.get(key) ?? id) === id ? id : SEVERAL)
    for (const child of childrenOf(type) ?? []) visit(child, `${above}\u001f${id}`)
  }
  for (const schema of schemas) for (const field of schema) visit(field, '')
  return owners
}
