import { type Field, TableError, typeName } from '@spillway/core'
import { shownText } from '../values/shown-text.js'
import type { Recorded } from './recorded-partition.js'

/** A text under `partitionValues` that no engine reads as a value of its column: rows cannot be told from it. */
export function unreadablePartition(field: Field, recorded: Recorded, path: string): TableError {
  const { type } = field
  const name = shownText(field.name)
  const text = JSON.stringify(typeof recorded === 'string' ? shownText(recorded) : recorded)
  return new TableError(
    'TABLE_CORRUPT',
    `the partition value ${text} of column ${name} is no ${shownText(typeName(type))}: file ${path}`,
    { context: { path, column: name, value: text } },
  )
}
