import { type DataFile, leafOf, type Snapshot, statsLeaves } from '@spillway/core'
import type { Told } from './allowed.js'

interface Statistics {
  readonly numRecords?: number
  readonly minValues?: object
  readonly maxValues?: object
  readonly nullCount?: object
}

/** What the table's own metadata says of the columns of a file, by field id. Of Delta's it is looked for in the writer's own text. */
export function toldOf(snapshot: Snapshot, file: DataFile): (fieldId: number) => Told {
  const { delta } = file
  // Iceberg's writers cut texts after 16 characters.
  if (delta === undefined) return () => ({ bounds: true, nulls: true, longestText: 16 })
  const statistics = JSON.parse(delta.stats ?? '{}') as Statistics
  const told = new Map<number, Told>()
  for (const path of statsLeaves(snapshot.schema.fields)) {
    const { id, type } = leafOf(path)
    const names = path.map(({ physicalName }) => physicalName)
    const says = (part: object | undefined) => isThere(part, names)
    const isPartition = path.length === 1 && delta.partitionValues.has(names[0]!)
    told.set(id, {
      bounds: isPartition || (says(statistics.minValues) && says(statistics.maxValues)),
      nulls: isPartition || (says(statistics.nullCount) && statistics.numRecords !== undefined),
      inMillis: !isPartition && (type === 'timestamp' || type === 'timestamptz'),
      ...(!isPartition && { longestText: 32 }),
    })
  }
  return id => told.get(id) ?? { bounds: false, nulls: false }
}

function isThere(part: unknown, names: readonly string[]): boolean {
  const found = names.reduce<unknown>(
    (each, name) =>
      typeof each === 'object' && each !== null
        ? (each as Record<string, unknown>)[name]
        : undefined,
    part,
  )
  return found !== undefined && found !== null
}
