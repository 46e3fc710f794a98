import { type DataFile, type Field, isPrimitive, type Snapshot, type Value } from '@spillway/core'
import { quoteValue } from '../sql/sql-text.js'
import { sqlTypeText } from '../sql/sql-type.js'

/**
 * The partition value of `field` in each of `files`, as an expression; undefined where the metadata does not give it
 * to all of them. Only identity says what the column holds.
 */
export function partitionConstant(
  field: Field,
  files: readonly DataFile[],
  snapshot: Snapshot,
): string | undefined {
  if (!isPrimitive(field.type)) return undefined
  const { type } = field
  const positions = new Map<number, number | undefined>()
  const values: (Value | null)[] = []
  for (const file of files) {
    if (!positions.has(file.specId))
      positions.set(file.specId, identityOf(field, file.specId, snapshot))
    const at = positions.get(file.specId)
    if (at === undefined) return undefined
    values.push(file.partition[at] ?? null)
  }
  const name = sqlTypeText(type, 'position')
  const literals = values.map(value => (value === null ? 'NULL' : quoteValue(value, type)))
  if (literals.every(literal => literal === literals[0]))
    return `CAST(${literals[0] ?? 'NULL'} AS ${name})`
  return `list_extract([${literals.join(', ')}]::${name}[], file_index::BIGINT + 1)`
}

function identityOf(
  field: Field,
  specId: number,
  { partitionSpecs }: Snapshot,
): number | undefined {
  const fields = partitionSpecs.get(specId)?.fields ?? []
  const at = fields.findIndex(
    ({ sourceIds, transform }) =>
      transform.kind === 'identity' && sourceIds.length === 1 && sourceIds[0] === field.id,
  )
  return at < 0 ? undefined : at
}
