import { leafOf, type Predicate } from '@spillway/core'
import { filePath, type LogicalTable } from '@spillway/testkit'
import { predicateText } from '../../src/predicates/predicate-text.js'
import type { Case } from './property.js'

export interface FoundFailure {
  readonly failure: string
  readonly tableSeed: number
  readonly writer: string
}

/** The failing pair as text, with every part of the predicate taken away that the failure does not need. */
export async function describeCounterexample(
  one: Case,
  { failure, tableSeed, writer }: FoundFailure,
  failsAlike: (candidate: Case, failure: string) => Promise<boolean>,
): Promise<string> {
  let smallest = one
  for (let next: Case | undefined = one; next !== undefined; ) {
    smallest = next
    next = undefined
    for (const predicate of smaller(smallest.predicate)) {
      const candidate: Case = { ...smallest, predicate }
      if (!(await failsAlike(candidate, failure))) continue
      next = candidate
      break
    }
  }
  const { table, predicate, readings, zonelessLiterals } = smallest
  return [
    `${writer}, table seed ${tableSeed}: ${failure}`,
    `predicate: ${predicateText(predicate)}`,
    `  exactly: ${JSON.stringify(predicate, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}`,
    `zoneless literals: ${zonelessLiterals}; readings: ${JSON.stringify(readings)}`,
    ...tableLines(table),
  ].join('\n')
}

function tableLines({ columns, partitionedBy, files }: LogicalTable): readonly string[] {
  const fields = columns.map(path => {
    const { id, name, type } = leafOf(path)
    return `${id} ${name}: ${JSON.stringify(type)}`
  })
  const rows = files.flatMap((file, index) => [
    `  ${filePath(index)}`,
    ...file.rows.map((row, position) => {
      const cells = [...row].map(([id, value]) => `${id}=${cellText(value)}`).join(' ')
      return `    ${file.deleted.has(position) ? '(deleted) ' : ''}${cells}`
    }),
  ])
  return [`columns: ${fields.join(', ')}; partitioned by ${partitionedBy.join()}`, ...rows]
}

/** Every predicate with one part less. */
function smaller(predicate: Predicate): readonly Predicate[] {
  if (predicate.kind === 'not') {
    const within = smaller(predicate.operand)
    return [predicate.operand, ...within.map(operand => ({ kind: 'not' as const, operand }))]
  }
  if (predicate.kind !== 'and' && predicate.kind !== 'or') return []
  const { kind, operands } = predicate
  const without = operands.map((_, index) => ({ kind, operands: operands.toSpliced(index, 1) }))
  const within = operands.flatMap((operand, index) =>
    smaller(operand).map(each => ({ kind, operands: operands.with(index, each) })),
  )
  return [...operands, ...(operands.length > 1 ? without : []), ...within]
}

function cellText(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
