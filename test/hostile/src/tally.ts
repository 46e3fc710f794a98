import type { RunState } from './mutant-run.js'

/** How many mutants of each format, file kind and layer came to what. */
export function tallyTable({ counts }: Pick<RunState, 'counts'>): string {
  const outcomes = new Set<string>()
  const rows = new Map<string, Map<string, number>>()
  for (const [key, count] of Object.entries(counts)) {
    const [format, kind, layer, outcome] = key.split('\t') as [string, string, string, string]
    outcomes.add(outcome)
    for (const row of [
      `${format} | ${kind} | ${layer}`,
      `${format} | all | all`,
      'all | all | all',
    ]) {
      const cells = rows.get(row) ?? new Map<string, number>()
      cells.set(outcome, (cells.get(outcome) ?? 0) + count)
      rows.set(row, cells)
    }
  }
  const columns = [...outcomes].sort()
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([row, cells]) => `| ${row} | ${columns.map(column => cells.get(column) ?? 0).join(' | ')} |`,
    )
  const head = `| format | file | layer | ${columns.join(' | ')} |`
  return [head, head.replaceAll(/[^|]+/g, ' --- '), ...lines].join('\n')
}
