import { type DataType, type Literal, leafOf, type Predicate, type Value } from '@spillway/core'
import { type LogicalTable, type Random, randomPredicate } from '@spillway/testkit'

/** The values of every column, by field id. */
export type OwnValues = ReadonlyMap<number, readonly Value[]>

export function ownValues({ columns, files }: LogicalTable): OwnValues {
  return new Map(
    columns.map(path => {
      const { id } = leafOf(path)
      const cells = files.flatMap(({ rows }) => rows.map(row => row.get(id) ?? null))
      return [id, cells.filter(value => value !== null).filter(value => !Number.isNaN(value))]
    }),
  )
}

/** A random predicate, `share` of whose literals are values of the table or next to one: those are where pruning turns. */
export function predicateOver(
  {
    table,
    values,
    share,
  }: { readonly table: LogicalTable; readonly values: OwnValues; readonly share: number },
  random: Random,
): Predicate {
  const literal = (names: readonly string[], other: Literal): Literal => {
    const path = table.schema.find(names)
    const own = path && values.get(leafOf(path).id)
    if (path === undefined || own === undefined || own.length === 0 || !random.chance(share)) {
      return other
    }
    const { type } = leafOf(path)
    return { value: near(random.pick(own), type, random), type } as Literal
  }
  const replaced = (predicate: Predicate): Predicate => {
    switch (predicate.kind) {
      case 'not':
        return { ...predicate, operand: replaced(predicate.operand) }
      case 'and':
      case 'or':
        return { ...predicate, operands: predicate.operands.map(replaced) }
      case 'comparison':
        return { ...predicate, value: literal(predicate.ref.names, predicate.value) }
      case 'in':
      case 'notIn':
        return {
          ...predicate,
          values: predicate.values.map(value => literal(predicate.ref.names, value)),
        }
      case 'startsWith':
      case 'notStartsWith': {
        const { value } = literal(predicate.ref.names, { value: predicate.prefix, type: 'string' })
        const characters = Array.from(String(value))
        return { ...predicate, prefix: characters.slice(0, random.integer(0, 4)).join('') }
      }
      default:
        return predicate
    }
  }
  return replaced(randomPredicate(table, random))
}

/** The value itself, or in one of three cases its neighbour where the type has one. */
function near(value: Value, type: DataType, random: Random): Value {
  const step = random.pick([-1, 0, 0, 0, 0, 1] as const)
  if (step === 0) return value
  const limit =
    typeof type === 'object' && type.kind === 'decimal' ? 10n ** BigInt(type.precision) : 2n ** 63n
  if (typeof value === 'bigint') {
    const next = value + BigInt(step)
    return next >= limit || next <= -limit ? value : next
  }
  if (typeof value === 'number' && type !== 'float') return value + step
  return value
}
