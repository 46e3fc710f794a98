import { type Field, TableError, typeName } from '@spillway/core'
import type { Recorded } from './partition-columns.js'

/** A text under `partitionValues` that no engine reads as a value of its column: rows cannot be told from it. */
export function unreadablePartition(field: Field, recorded: Recorded, path: string): TableError {
  const { name, type } = field
  const text = JSON.stringify(recorded).slice(0, MAX_TEXT)
  return new TableError(
    'TABLE_CORRUPT',
    `the partition value ${text} of column ${name} is no ${typeName(type)}: file ${path}`,
    { context: { path, column: name, value: text } },
  )
}

const MAX_TEXT = 200
