import {
  childrenOf,
  type DataFile,
  type Field,
  type FieldPath,
  isPrimitive,
  type Value,
  type ValueRange,
} from '@spillway/core'
import { columnSql } from '../data-files/column-sql.js'
import type { DeleteContext } from '../merge-on-read/deleted-positions.js'
import { liveParts } from '../merge-on-read/live-rows.js'

/**
 * The least and the greatest value of each of `columns` in any row of `file`, deleted ones too, as the file has them:
 * days of an old calendar are not rebased. Of a column that the file does not hold, those of the value it reads as.
 */
export async function valueRanges(
  file: DataFile,
  columns: readonly FieldPath[],
  context: DeleteContext,
): Promise<readonly ValueRange[]> {
  const { connection, signal } = context
  const whole = { ...file, deletes: [], logFiles: [] }
  const tops = [...new Map(columns.map(([top]) => [top.id, top])).values()]
  for await (const part of liveParts([whole], context, { naming: 'position' })) {
    const source = { ...part.source, asWritten: true }
    const read = tops.map((top, i) => `${columnSql(top, source)} AS v${i}`)
    const ends = columns.flatMap(([top, ...below]) => {
      const at = tops.findIndex(({ id }) => id === top.id)
      return (['min', 'max'] as const).map(end => `${end}(${endOf(end, `v${at}`, { top, below })})`)
    })
    const [row] = await connection.all(
      `SELECT ${ends.join(', ')} FROM (SELECT ${read.join(', ')} ${part.from})`,
      signal,
    )
    return columns.map((_, i) => ({
      least: (row![2 * i] ?? null) as Value | null,
      greatest: (row![2 * i + 1] ?? null) as Value | null,
    }))
  }
  return columns.map(() => ({ least: null, greatest: null }))
}

interface Path {
  readonly top: Field
  readonly below: readonly Field[]
}

/** The least or the greatest of what `below` leads to in one value of `top`. */
function endOf(end: 'min' | 'max', sql: string, { top, below: [next, ...rest] }: Path): string {
  const { type } = top
  if (next === undefined || isPrimitive(type)) return sql
  if (type.kind === 'struct') {
    const at = type.fields.findIndex(({ id }) => id === next.id)
    return endOf(end, `struct_extract(${sql}, 'f${at}')`, { top: next, below: rest })
  }
  const items =
    type.kind === 'list' ? sql : `map_${next === childrenOf(type)![0] ? 'keys' : 'values'}(${sql})`
  const item = `x${rest.length}`
  const value = endOf(end, item, { top: next, below: rest })
  return `list_${end}(list_transform(${items}, lambda ${item}: ${value}))`
}
