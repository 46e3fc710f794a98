import {
  childrenOf,
  type DataType,
  type Field,
  isPrimitive,
  type PrimitiveType,
  type Schema,
  type Steps,
} from '@spillway/core'

/** How columns of older files differ in type from what the table says now. */
export interface TypeChanges {
  /** True where types changed in ways that readers of Delta's type widening know. */
  readonly widened: boolean
  /** True where types changed in any other way: such files are never handed out as they are. */
  readonly converted: boolean
}

const NONE: TypeChanges = { widened: false, converted: false }

/** What changed between any of `earlier` and `now`; columns go by their names, as Hudi's readers have it. */
export function* typeChanges(now: Schema, earlier: readonly Schema[]): Steps<TypeChanges> {
  let changes = NONE
  for (const schema of earlier) {
    changes = either(changes, compareFields(schema.fields, now.fields))
    yield
  }
  return changes
}

function either(a: TypeChanges, b: TypeChanges): TypeChanges {
  return { widened: a.widened || b.widened, converted: a.converted || b.converted }
}

function compareFields(before: readonly Field[], now: readonly Field[]): TypeChanges {
  const byName = new Map(now.map(field => [field.name.toLowerCase(), field]))
  return before
    .map(({ name, type }) => {
      const field = byName.get(name.toLowerCase())
      return field === undefined ? NONE : compareTypes(type, field.type)
    })
    .reduce(either, NONE)
}

function compareTypes(before: DataType, now: DataType): TypeChanges {
  if (isPrimitive(before) && isPrimitive(now)) {
    if (isSame(before, now)) return NONE
    const widened = isWidening(before, now)
    return { widened, converted: !widened }
  }
  const [old, current] = [childrenOf(before), childrenOf(now)]
  if (old === undefined || current === undefined || kindOf(before) !== kindOf(now)) {
    return { widened: false, converted: true }
  }
  return compareFields(old, current)
}

const kindOf = (type: DataType) => (typeof type === 'string' ? type : type.kind)

function isSame(a: PrimitiveType, b: PrimitiveType): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** Delta PROTOCOL.md, "Type Widening": the changes that its readers apply. */
function isWidening(before: PrimitiveType, now: PrimitiveType): boolean {
  if (before === 'int') return now === 'long' || now === 'double' || digitsFor(now) >= 10
  if (before === 'long') return digitsFor(now) >= 20
  if (before === 'float') return now === 'double'
  if (before === 'date') return now === 'timestamp'
  if (typeof before === 'string' || before.kind !== 'decimal') return false
  if (typeof now === 'string' || now.kind !== 'decimal') return false
  const scale = now.scale - before.scale
  return scale >= 0 && now.precision - before.precision >= scale
}

/** Digits before the point of a decimal; none of any other type. */
function digitsFor(type: PrimitiveType): number {
  return typeof type === 'object' && type.kind === 'decimal' ? type.precision - type.scale : 0
}
