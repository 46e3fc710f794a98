import { parseTableName } from '@spillway/client'
import { TableError } from '@spillway/core'
import { describeTable } from '../recipient/describe-table.js'
import { descriptionLines } from '../recipient/description-lines.js'
import { withNearestTable } from '../recipient/list-tables.js'
import { didYouMean } from '../recipient/nearest.js'
import { resultChart } from '../results/result-chart.js'
import { rowLimit } from '../results/run-sql.js'
import { canvasOf } from '../terminal/canvas.js'
import { formatTable, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { SHELL_MODES, type ShellMode } from './settings.js'
import type { ShellState } from './shell-state.js'

interface DotCommand {
  readonly name: string
  readonly argument: string
  readonly help: string
  run(shell: ShellState, argument: string, signal: AbortSignal): Promise<void> | void
}

/** What the shell does beside SQL. */
export const DOT_COMMANDS: readonly DotCommand[] = [
  {
    name: '.tables',
    argument: '[TEXT]',
    help: 'shared tables, or those whose name holds TEXT',
    run: (shell, text) => listTables(shell, text),
  },
  {
    name: '.describe',
    argument: 'TABLE',
    help: 'schema, files and partitions of a table',
    run: describe,
  },
  {
    name: '.explain',
    argument: 'on|off',
    help: 'after each query, what was asked of the provider and what pruning left',
    run: (shell, text) => shell.set({ explain: onOff(text, shell.settings.explain) }),
  },
  {
    name: '.mode',
    argument: SHELL_MODES.join('|'),
    help: 'how rows are printed',
    run: (shell, text) => shell.set({ mode: modeOf(text) }),
  },
  {
    name: '.timer',
    argument: 'on|off',
    help: 'how long each query took',
    run: (shell, text) => shell.set({ timer: onOff(text, shell.settings.timer) }),
  },
  {
    name: '.limit',
    argument: 'ROWS|all',
    help: 'rows that a table shows',
    run: (shell, text) => shell.set({ limit: rowLimit(text) }),
  },
  {
    name: '.chart',
    argument: '',
    help: 'the last answer as bars: its first column against its last number',
    run: shell => shell.print(resultChart(shell.last, canvasOf(shell.terminal))),
  },
  {
    name: '.refresh',
    argument: '',
    help: 'list the shares anew',
    run: shell => shell.session.refresh(),
  },
  { name: '.help', argument: '', help: 'this', run: shell => shell.print(helpLines(shell)) },
  { name: '.quit', argument: '', help: 'leave; so does Ctrl-D', run: shell => shell.quit() },
]

export async function runDotCommand(
  shell: ShellState,
  line: string,
  signal: AbortSignal,
): Promise<void> {
  const [, name = '', argument = ''] = /^(\S+)\s*(.*?)[\s;]*$/.exec(line.trim()) ?? []
  const command = DOT_COMMANDS.find(each => each.name === (name === '.exit' ? '.quit' : name))
  if (command !== undefined) return command.run(shell, argument, signal)
  const near = didYouMean(
    name,
    DOT_COMMANDS.map(each => each.name),
  )
  throw new TableError(
    'INVALID_REQUEST',
    `there is no ${name}${near || '; .help lists what there is'}`,
  )
}

async function listTables(shell: ShellState, text: string): Promise<void> {
  const tables = await shell.session.tables()
  const found = tables.filter(each => tableText(each).toLowerCase().includes(text.toLowerCase()))
  return shell.print(
    found.length === 0
      ? [text === '' ? 'nothing is shared with this profile' : `no table has ${text} in its name`]
      : found.map(each => printable(tableText(each))),
  )
}

async function describe(shell: ShellState, name: string, signal: AbortSignal): Promise<void> {
  const { session, terminal } = shell
  const wanted = name.replaceAll('"', '')
  const found = isWhole(wanted, session.share.catalogs)
    ? []
    : (await session.tables()).filter(each => isNamed(tableText(each), wanted))
  const full = found.length === 1 ? tableText(found[0]!) : wanted
  const { client } = session.provider
  const description = await withProgress(terminal, `describing ${full}`, () =>
    withNearestTable(client, full, {
      signal,
      work: () => describeTable(client, parseTableName(full), { signal }),
    }),
  )
  await shell.print(descriptionLines(full, description, { terminal }))
}

/** A name that needs no list to be understood. */
function isWhole(name: string, catalogs: ReadonlyMap<string, string>): boolean {
  return [...catalogs.keys()].some(
    share => name.startsWith(`${share}.`) && name.slice(share.length + 1).split('.').length === 2,
  )
}

/** Its whole name, or as much of its end as says which it is. */
function isNamed(table: string, wanted: string): boolean {
  return table === wanted || table.endsWith(`.${wanted}`)
}

function tableText({
  share,
  schema,
  table,
}: {
  readonly share: string
  readonly schema: string
  readonly table: string
}): string {
  return `${share}.${schema}.${table}`
}

/** Without a word, the other way round. */
function onOff(text: string, current: boolean): boolean {
  if (text === '') return !current
  if (text === 'on' || text === 'off') return text === 'on'
  throw new TableError('INVALID_REQUEST', `expected on or off, found ${text}`)
}

function modeOf(text: string): ShellMode {
  const mode = SHELL_MODES.find(each => each === text)
  if (mode !== undefined) return mode
  throw new TableError(
    'INVALID_REQUEST',
    `expected ${SHELL_MODES.join(', ')}, found ${text || 'nothing'}`,
  )
}

function helpLines({ terminal }: ShellState): readonly string[] {
  const { style } = canvasOf(terminal)
  return [
    'SQL ends with a semicolon and may have many lines. Tables are share.schema.table.',
    'Tab completes names, Ctrl-C stops a query or drops a line, the arrow keys bring lines back.',
    '',
    ...formatTable(
      [{ title: 'command' }, { title: '' }],
      DOT_COMMANDS.map(({ name, argument, help }) => [`${name} ${argument}`.trim(), help]),
      style,
    ),
  ]
}
