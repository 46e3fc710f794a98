import { type DataType, type PartitionField, TableError, type Transform } from '@spillway/core'

/** A transform as table metadata spells it: `bucket[16]`, `truncate[4]`, `day` (spec, "Partition Transforms"). */
export function parseTransform(text: string): Transform {
  const match = /^(bucket|truncate)\[(\d+)\]$/.exec(text)
  if (match !== null) {
    const width = Number(match[2])
    if (width === 0) throw new TableError('TABLE_CORRUPT', `a partition transform ${text}`)
    return { kind: match[1] as 'bucket' | 'truncate', width }
  }
  switch (text) {
    case 'identity':
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
    case 'void':
      return { kind: text }
    default:
      // Readers must read on when they do not know a transform (spec, "Partitioning").
      return { kind: 'unknown', name: text }
  }
}

/** The type of a field's partition values; undefined where only the manifest's own schema tells. */
export function partitionType(
  field: PartitionField,
  sourceType: DataType | undefined,
): DataType | undefined {
  switch (field.transform.kind) {
    case 'bucket':
    case 'year':
    case 'month':
    case 'hour':
      return 'int'
    case 'day':
      return 'date'
    case 'identity':
    case 'truncate':
      return sourceType
    default:
      return undefined
  }
}

/** A transform as table metadata spells it, for facts about a table. */
export function transformName(transform: Transform): string {
  if (transform.kind === 'unknown') return transform.name
  return 'width' in transform ? `${transform.kind}[${transform.width}]` : transform.kind
}
