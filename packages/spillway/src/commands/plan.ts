import { explainScan, explanationLines } from '@spillway/planner'
import { predicateOf } from '../batch/operations.js'
import { type Planned, type PlannedFile, planTable } from '../tables/plan-table.js'
import { canvasOf } from '../terminal/canvas.js'
import { keptBar } from '../terminal/chart.js'
import {
  formatBytes,
  formatCount,
  formatPercent,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import { integerOf } from '../terminal/integer-of.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { withTable } from './open-table.js'
import type { TableOptions } from './table-options.js'

export interface PlanCommandOptions extends TableOptions {
  readonly where?: string | undefined
  readonly jsonPredicate?: string
  readonly limit?: string | undefined
  readonly explain?: boolean
  readonly files?: string
}

/** `spillway plan LOCATION --where …`: which files may hold matching rows, and with --explain why. */
export async function planCommand(
  location: string,
  options: PlanCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { predicate, unapplied } = predicateOf(options)
  const limit = integerOf('--limit', options.limit)
  const input = {
    unapplied,
    predicate,
    ...(limit !== undefined && { limit: Number(limit) }),
    signal: terminal.signal,
  }
  const { plan, explanations } = await withTable(
    location,
    { options, terminal },
    async ({ snapshot }) => ({
      plan: await planTable(snapshot, input),
      explanations: options.explain ? await explained(snapshot, input) : [],
    }),
  )
  if (options.json) {
    await writeLine(
      terminal.stdout,
      shownJson(options.explain ? { ...plan, explain: explanations } : plan),
    )
    return
  }
  const shown = Number(integerOf('--files', options.files) ?? 20n)
  for (const line of planLines(plan, terminal, { shown, explanations })) {
    await writeLine(terminal.stdout, line)
  }
}

async function explained(
  snapshot: Parameters<typeof explainScan>[0],
  input: Parameters<typeof explainScan>[1],
): Promise<readonly string[]> {
  const lines: string[] = []
  const options = { ...input, zonelessLiterals: 'utc' as const }
  for await (const each of explainScan(snapshot, options)) {
    const name = each.path ?? formatCount(each.fileCount ?? 0, 'file')
    lines.push(`${each.kept ? 'kept  ' : 'pruned'} ${name}${each.kept ? '' : ` by ${each.by}`}`)
    lines.push(...explanationLines(each.explanation).map(line => `  ${line}`))
  }
  return lines
}

function planLines(
  plan: Planned,
  terminal: Terminal,
  { shown, explanations }: { readonly shown: number; readonly explanations: readonly string[] },
): readonly string[] {
  const canvas = canvasOf(terminal)
  const { style } = canvas
  const pruned = plan.filesTotal - plan.files.length
  const bytes = plan.files.reduce((sum, { size }) => sum + size, 0)
  const why = (['partition', 'stats', 'limit'] as const)
    .filter(name => plan.pruned[name] > 0)
    .map(name => `${formatCount(plan.pruned[name])} by ${name === 'stats' ? 'statistics' : name}`)
  const listed = plan.files.slice(0, shown)
  return [
    `${style.bold(`${formatCount(plan.files.length)} of ${formatCount(plan.filesTotal, 'file')}`)} may match at version ${plan.version}: ${formatBytes(bytes)} to read`,
    ...(pruned > 0
      ? [
          `${keptBar(plan.files.length, plan.filesTotal, { ...canvas, width: 24 })}  ` +
            style.green(`${formatPercent(pruned, plan.filesTotal)} pruned`) +
            style.dim(` (${why.join(', ')})`),
        ]
      : []),
    ...plan.unapplied.map(({ predicate, reason }) =>
      style.yellow(`not used: ${printable(predicate)} (${printable(reason)})`),
    ),
    ...(listed.length > 0 ? ['', ...fileLines(listed, terminal)] : []),
    ...(plan.files.length > listed.length
      ? [
          style.dim(
            `… and ${formatCount(plan.files.length - listed.length)} more (--files N shows more, --json all)`,
          ),
        ]
      : []),
    ...(explanations.length > 0 ? ['', ...explanations.map(line => printable(line))] : []),
  ]
}

function fileLines(files: readonly PlannedFile[], terminal: Terminal): readonly string[] {
  return formatTable(
    [
      { title: 'file' },
      { title: 'size', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'deletes', align: 'right' },
    ],
    files.map(({ path, size, records, deletes }) => [
      path.length > 60 ? `…${path.slice(-59)}` : path,
      formatBytes(size),
      records === null ? '?' : formatCount(records),
      deletes === 0 ? '' : String(deletes),
    ]),
    styleFor(terminal.stdout, terminal.environment),
  )
}
