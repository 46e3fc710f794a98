import { type BarRow, barChart, type Canvas, largestRows } from '../terminal/chart.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import type { PartitionFacts } from './partition-facts.js'

export const PARTITIONS_SHOWN = 20

/** Bytes of each partition, the largest in the order of their values, the others added up below. */
export function partitionChart(
  partitions: readonly PartitionFacts[],
  canvas: Canvas,
  count = PARTITIONS_SHOWN,
): readonly string[] {
  const rows = [...partitions].sort(comparePartitions).map(each => ({
    label: partitionLabel(each.values),
    value: each.bytes,
    files: each.files,
    text: sizeText(each.files, each.bytes),
  }))
  const { shown, rest } = largestRows(rows, count)
  const files = rest.reduce((sum, each) => sum + each.files, 0)
  const bytes = rest.reduce((sum, each) => sum + each.value, 0)
  const others: readonly BarRow[] =
    rest.length === 0
      ? []
      : [
          {
            label: `${formatCount(rest.length)} smaller`,
            value: bytes,
            text: sizeText(files, bytes),
            dim: true,
          },
        ]
  return barChart([...shown, ...others], canvas)
}

export function partitionLabel(values: PartitionFacts['values']): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value || '∅'}`)
    .join(' ')
}

function sizeText(files: number, bytes: number): string {
  return `${formatCount(files, 'file')}, ${formatBytes(bytes)}`
}

/** Numbers by size, everything else by its text; null before all. */
function comparePartitions(a: PartitionFacts, b: PartitionFacts): number {
  for (const [name, left] of Object.entries(a.values)) {
    const right = b.values[name] ?? null
    if (left === right) continue
    if (left === null || right === null) return left === null ? -1 : 1
    const difference = Number(left) - Number(right)
    if (
      left.trim() !== '' &&
      right.trim() !== '' &&
      difference !== 0 &&
      !Number.isNaN(difference)
    ) {
      return difference
    }
    return left < right ? -1 : 1
  }
  return 0
}
