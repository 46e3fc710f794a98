import type { TableMetaData } from '@spillway/protocol/wire'
import { schemaColumns } from './schema-columns.js'

/**
 * The keys that an answer's partition values may have. A column without one is null, as Delta has it; where another key
 * stands instead, the value is there and under a name that nobody looks up: read on, it would be a null that the table
 * does not have.
 */
export class PartitionKeys {
  readonly #columns: number
  readonly #known = new Set<string>()

  constructor(table: TableMetaData) {
    this.#columns = table.partitionColumns.length
    this.add(table)
  }

  /** Metadata in the middle of an answer may have renamed a column. */
  add({ partitionColumns, schemaString }: TableMetaData): void {
    for (const name of partitionColumns) this.#known.add(name)
    if (partitionColumns.length === 0) return
    for (const { name, physicalName } of schemaColumns(schemaString))
      if (partitionColumns.includes(name)) this.#known.add(physicalName)
  }

  /** What is wrong with the values of a file: undefined where nothing is. */
  faultOf(values: Readonly<Record<string, unknown>> | undefined): string | undefined {
    if (this.#columns === 0) return undefined
    const keys = Object.keys(values ?? {})
    if (keys.length === 0) return 'has no partitionValues'
    const unknown = keys.filter(key => !this.#known.has(key))
    if (unknown.length === 0 || keys.length - unknown.length >= this.#columns) return undefined
    return `has a partition value of ${JSON.stringify(unknown[0])}, which is none of the columns ${[...this.#known].map(name => JSON.stringify(name)).join(', ')}`
  }
}
