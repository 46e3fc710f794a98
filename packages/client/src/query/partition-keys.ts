import type { TableMetaData } from '@spillway/protocol/wire'
import { schemaColumns } from './schema-columns.js'

/**
 * The keys that an answer's partition values may have. A column without one is null, as Delta has it; where another key
 * stands instead, the value is there and under a name that nobody looks up: read on, it would be a null that the table
 * does not have.
 */
export class PartitionKeys {
  /** The names of each column of the last metadata: the table's, and what files call it. */
  #columns: readonly (readonly string[])[] = []
  readonly #known = new Set<string>()

  constructor(table: TableMetaData) {
    this.add(table)
  }

  /** Metadata in the middle of an answer may have renamed a column, or partition the table otherwise. */
  add({ partitionColumns, schemaString }: TableMetaData): void {
    const all = partitionColumns.length === 0 ? [] : schemaColumns(schemaString)
    this.#columns = partitionColumns.map(column => {
      const physicalName = all.find(({ name }) => name === column)?.physicalName
      return physicalName === undefined ? [column] : [column, physicalName]
    })
    for (const name of this.#columns.flat()) this.#known.add(name)
  }

  /** What is wrong with the values of a file: undefined where nothing is. */
  faultOf(values: Readonly<Record<string, unknown>> = {}): string | undefined {
    if (this.#columns.length === 0) return undefined
    const keys = Object.keys(values)
    if (keys.length === 0) return 'has no partitionValues'
    const unknown = keys.find(key => !this.#known.has(key))
    const isWhole = this.#columns.every(names => names.some(name => Object.hasOwn(values, name)))
    if (unknown === undefined || isWhole) return undefined
    return `has a partition value of ${JSON.stringify(unknown)}, which is none of the columns ${[...this.#known].map(name => JSON.stringify(name)).join(', ')}`
  }
}
