import {
  byFieldId,
  type ColumnLookup,
  childrenOf,
  columnIndex,
  type DataType,
  type Field,
  type FindColumn,
  isPrimitive,
  type ParquetShape,
  type ShapeNode,
  type Steps,
  typeName,
} from '@spillway/core'
import type { Misfit } from '../recipient/misfit.js'
import { isOtherUnit } from './nano-moments.js'

export interface FitOptions {
  readonly fields: readonly Field[]
  /** Where the table itself finds its columns in this file. */
  readonly find: FindColumn
  readonly lookup: ColumnLookup
  /** True where the recipient widens the narrower types of older files by itself. */
  readonly widens: boolean
  /** True for columns that this file need not hold: the metadata gives their one value, and it is not null. */
  readonly isConstant: (field: Field) => boolean
  /** True where nanoseconds are looked for in these files, whatever the table says of its columns: see `NanoMoments`. */
  readonly looksForNanos?: boolean
}

/**
 * The first difference between what the table reads in a file of `shape` and what a recipient finds there by itself:
 * every field must be found in the same place or, where it reads null, in none; through structs, lists and maps. In steps, since
 * tables have 30,000 columns.
 */
export function* misfitOf(shape: ParquetShape, options: FitOptions): Steps<Misfit | undefined> {
  const level = { ...options, shape, above: '', inMap: false, underOwnName: false, ...ALONE }
  for (const [i, field] of options.fields.entries()) {
    const misfit = misfitOfField(field, shape.columns, level)
    if (misfit !== undefined) return misfit
    if (i % FIELDS_IN_A_STEP === FIELDS_IN_A_STEP - 1) yield
  }
  return undefined
}

/** Less than a millisecond, and a few where it is the first time. */
const FIELDS_IN_A_STEP = 1024

const ALONE = { isElement: false, isListed: false }

interface Level extends FitOptions {
  readonly shape: ParquetShape
  /** The dotted name of what is around, ending in a dot. */
  readonly above: string
  /** True below a column that the file calls by its physical name. */
  readonly underOwnName: boolean
  /** True below a map that may be null. */
  readonly inMap: boolean
  /** True for what a list or a map holds itself. */
  readonly isElement: boolean
  /** True for what a list holds itself. */
  readonly isListed: boolean
}

function misfitIn(
  fields: readonly Field[],
  columns: readonly ShapeNode[],
  level: Level,
): Misfit | undefined {
  for (const field of fields) {
    const misfit = misfitOfField(field, columns, level)
    if (misfit !== undefined) return misfit
  }
  return undefined
}

function misfitOfField(
  field: Field,
  columns: readonly ShapeNode[],
  level: Level,
): Misfit | undefined {
  const isTop = level.above === ''
  const column = `${level.above}${field.name}`
  if (isTop && level.lookup.fromPartitions.has(field.id)) return shownInstead(field, columns, level)
  const own = level.find(field, columns)
  for (const found of seenBy(field, columns, level)) {
    if (found === own) continue
    return { kind: 'name', column, reason: otherwise(own, found, columns) }
  }
  const isNamed = own !== undefined && columns[own]!.name === field.physicalName
  const needsName = !isTop && level.lookup.namesBelow === true
  if (needsName && (own === undefined || (level.underOwnName && !isNamed))) {
    return { kind: 'name', column, reason: otherwiseBelow(own, columns) }
  }
  if (own === undefined) {
    if (isTop && level.isConstant(field)) {
      return { kind: 'partition', column, reason: 'is not in it: the table knows its value' }
    }
    if (field.initialDefault === undefined) return undefined
    return { kind: 'default', column, reason: 'is not in it, and has a default' }
  }
  const node = columns[own]!
  if (node.isIndex && level.lookup.showsExtras) {
    return { kind: 'name', column, reason: 'is an index in it, which pandas shows as no column' }
  }
  const underOwnName = isTop ? isNamed : level.underOwnName
  const below = { ...level, above: `${column}.`, underOwnName, ...ALONE }
  return misfitOfType(field.type, node, below, field)
}

/** Pandas shows a column that is in the file, whatever the answer says of it; a bootstrapped file's own does not count. */
function shownInstead(
  field: Field,
  columns: readonly ShapeNode[],
  { lookup, find }: Level,
): Misfit | undefined {
  const isHidden = find(field, columns) === undefined && named(field.name, columns) !== undefined
  if (!lookup.prefersOwn || !isHidden) return undefined
  const reason = 'is in it, where only its folder says the value'
  return { kind: 'partition', column: field.name, reason }
}

/** Where the recipient, or each that it could be, finds the field. */
function* seenBy(
  field: Field,
  columns: readonly ShapeNode[],
  { lookup, shape }: Level,
): Generator<number | undefined> {
  if (lookup.by === 'name') {
    yield named(field.name, columns)
    return
  }
  const byId = byFieldId(field, columns)
  for (const fallback of lookup.fallbacks) {
    const falls = fallback === 'each' || (fallback === 'file' && !shape.hasFieldIds)
    yield byId ?? (falls ? named(field.physicalName, columns) : undefined)
  }
}

const SEVERAL = -1

/** Some readers tell names apart by case and some do not: only a name that is alone in every case is found by all. */
function named(name: string, columns: readonly ShapeNode[]): number | undefined {
  const [only, ...more] = columnIndex(columns).alike(name)
  if (only === undefined) return undefined
  return more.length === 0 && columns[only]!.name === name ? only : SEVERAL
}

function otherwise(
  own: number | undefined,
  found: number | undefined,
  columns: readonly ShapeNode[],
): string {
  const nameOf = (at: number) => JSON.stringify(columns[at]!.name)
  if (found === SEVERAL) return 'is spelled in another case in it, or in several'
  if (own === undefined) return `is not in it, but another column is called ${nameOf(found!)}`
  return found === undefined
    ? `is called ${nameOf(own)} in it`
    : `is called ${nameOf(own)} in it, where another column is called ${nameOf(found)}`
}

function otherwiseBelow(own: number | undefined, columns: readonly ShapeNode[]): string {
  const found =
    own === undefined ? 'is not in it' : `is called ${JSON.stringify(columns[own]!.name)} in it`
  return `${found}, and below a column Spark finds by id only what has its name`
}

function misfitOfType(
  type: DataType,
  node: ShapeNode,
  level: Level,
  field: Field,
): Misfit | undefined {
  // Nulls without a type are read as nulls of any, by who reads them at all.
  if (node.annotation === 'null' && level.lookup.annotations.has('null')) return undefined
  if (isPrimitive(type)) return misfitOfLeaf(field, node, level)
  const column = level.above.slice(0, -1)
  if (node.kind !== type.kind) {
    return { kind: 'type', column, reason: `is a ${node.kind} in it, not a ${type.kind}` }
  }
  if (type.kind === 'struct') return misfitOfStruct(type.fields, node, level)
  const inMap = level.inMap || (type.kind === 'map' && node.neverNull !== true)
  for (const [i, child] of childrenOf(type)!.entries()) {
    const above = `${level.above}${child.name}.`
    const inner = { ...level, above, inMap, isElement: true, isListed: type.kind === 'list' }
    const misfit = misfitOfType(child.type, node.children[i]!, inner, child)
    if (misfit !== undefined) return misfit
  }
  return undefined
}

function misfitOfStruct(
  fields: readonly Field[],
  node: ShapeNode,
  level: Level,
): Misfit | undefined {
  const misfit = misfitIn(fields, node.children, level)
  if (misfit !== undefined) return misfit
  const places = fields.map(field => level.find(field, node.children))
  const known = new Set(places)
  const column = level.above.slice(0, -1)
  // Readers take a struct none of whose fields is there for null.
  if (!node.children.some((_, i) => known.has(i))) {
    return { kind: 'name', column, reason: 'has none of its fields in it' }
  }
  if (level.inMap && !level.lookup.changesMaps && !isInOrder(places)) {
    return { kind: 'order', column, reason: 'has other fields, or in another order, below a map' }
  }
  const extra = node.children.find((_, i) => !known.has(i))
  if (!level.lookup.showsExtras || extra === undefined) return undefined
  return { kind: 'extra', column: `${level.above}${extra.name}`, reason: 'is not of the table' }
}

function isInOrder(places: readonly (number | undefined)[]): boolean {
  return places.every((at, i) => at !== undefined && (i === 0 || at > places[i - 1]!))
}

/** Annotations of what every reader takes for the type itself. */
const PLAIN: ReadonlySet<string | undefined> = new Set([undefined, 'json'])

function misfitOfLeaf(field: Field, node: ShapeNode, level: Level) {
  const { type, earlierTypes } = field
  const { lookup, widens } = level
  const column = level.above.slice(0, -1)
  const found = node.annotation ?? (node.type === undefined ? node.kind : typeName(node.type))
  const declared = typeName(type)
  const differs = (): Misfit => ({
    kind: 'type',
    column,
    reason: typeReason(found, declared, level),
  })
  // Types that are only passed on are whatever their files hold.
  if (typeof type === 'object' && type.kind === 'opaque') return undefined
  if (node.kind !== 'leaf' || node.type === undefined) return differs()
  if (node.annotation !== undefined) {
    if (!lookup.annotations.has(node.annotation)) return differs()
    if (level.isListed && lookup.unlisted?.has(node.annotation)) return differs()
  }
  const isSame =
    typeName(node.type) === typeName(type) || isOtherUnit(node.type, field, level.looksForNanos)
  const isPlain = isSame && PLAIN.has(node.annotation)
  if (!isPlain && !lookup.changesMaps && (level.inMap || level.isElement)) return differs()
  if (isSame) return undefined
  const isEarlier = earlierTypes?.some(each => typeName(each) === typeName(node.type!))
  return widens && isEarlier ? undefined : differs()
}

/** Where both are one, it is the place, or the type itself, that the recipient does not read. */
function typeReason(found: string, declared: string, { isListed, inMap }: Level): string {
  if (found !== declared) return `is ${found} in it, and ${declared} in the table`
  const place = isListed ? ' in a list' : inMap ? ' below a map' : ''
  return `is ${found} in it, which this recipient does not read${place}`
}

/** The first column of a file that the table no longer has, nested ones too. */
export function droppedColumn(
  shape: ParquetShape,
  { fields, find }: Pick<FitOptions, 'fields' | 'find'>,
): Misfit | undefined {
  const among = (
    known: readonly Field[],
    columns: readonly ShapeNode[],
    above: string,
  ): Misfit | undefined => {
    const places = new Map(known.map(field => [find(field, columns), field]))
    for (const [i, node] of columns.entries()) {
      const field = places.get(i)
      const column = `${above}${node.name}`
      if (field === undefined) {
        return { kind: 'dropped', column, reason: 'is in it, and no longer in the table' }
      }
      const inside = belowDropped(field.type, node, `${column}.`)
      if (inside !== undefined) return inside
    }
    return undefined
  }
  const belowDropped = (type: DataType, node: ShapeNode, above: string): Misfit | undefined => {
    if (isPrimitive(type) || node.kind !== type.kind) return undefined
    if (type.kind === 'struct') return among(type.fields, node.children, above)
    for (const [i, child] of childrenOf(type)!.entries()) {
      const inside = belowDropped(child.type, node.children[i]!, `${above}${child.name}.`)
      if (inside !== undefined) return inside
    }
    return undefined
  }
  return among(fields, shape.columns, '')
}
