import { type DataFile, type Field, TableError, type Value } from '@spillway/core'
import { columnSql } from '../data-files/column-sql.js'
import type { DeleteContext } from '../merge-on-read/deleted-positions.js'
import { liveParts } from '../merge-on-read/live-rows.js'
import { rowCountOf, vectorOf } from './one-vector.js'

/** More parts of one file than this are no way to send it. */
const MOST_PARTS = 1000

/**
 * `file` once for each combination of values that its live rows hold in `fields`: its `constants`, and a vector that
 * leaves exactly these rows. None where no row is live.
 */
export async function splitByValue(
  file: DataFile,
  fields: readonly Field[],
  context: DeleteContext,
): Promise<readonly DataFile[]> {
  const groups = await groupsOf(file, fields, context)
  const rowCount = await rowCountOf(file, context)
  const parts: DataFile[] = []
  for (const { values, positions } of groups) {
    const constants = new Map([
      ...(file.constants ?? []),
      ...fields.map((field, i) => [field.id, values[i] ?? null] as const),
    ])
    const others = complement(positions, rowCount)
    if (others.length === 0) {
      parts.push({ ...file, constants, deletes: [] })
      continue
    }
    const vector = await vectorOf(file, others)
    // Spark names files by their ids, and looks a file's vector up by its name.
    const recordedPath = `${file.recordedPath}#${vector.id}`
    parts.push({ ...file, recordedPath, constants, deletes: [vector] })
  }
  return parts
}

interface Group {
  readonly values: readonly (Value | null)[]
  readonly positions: readonly bigint[]
}

async function groupsOf(
  file: DataFile,
  fields: readonly Field[],
  context: DeleteContext,
): Promise<readonly Group[]> {
  const { connection, signal } = context
  const groups: Group[] = []
  for await (const part of liveParts([file], context, { naming: 'position' })) {
    const columns = fields.map((field, i) => `${columnSql(field, part.source)} AS v${i}`)
    const keys = fields.map((_, i) => `v${i}`).join(', ')
    const rows = await connection.all(
      `SELECT ${keys}, list(pos ORDER BY pos) FROM (SELECT ${columns.join(', ')}, t.file_row_number AS pos ${part.from}) GROUP BY ALL ORDER BY ALL LIMIT ${MOST_PARTS + 1}`,
      signal,
    )
    for (const row of rows) {
      const positions = (row[fields.length] as readonly bigint[]).map(BigInt)
      groups.push({ values: row.slice(0, fields.length) as (Value | null)[], positions })
    }
  }
  if (groups.length <= MOST_PARTS) return groups
  const names = fields.map(({ name }) => name).join(', ')
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `a file holds more than ${MOST_PARTS} values of ${names}, by which other files of the table are partitioned: it cannot be sent in parts`,
    { context: { path: file.path } },
  )
}

function complement(positions: readonly bigint[], rowCount: number): readonly bigint[] {
  const others: bigint[] = []
  let next = 0n
  for (const position of [...positions, BigInt(rowCount)]) {
    for (; next < position; next++) others.push(next)
    next = position + 1n
  }
  return others
}
