import { type DemoFacts, QUESTION, startDemo } from '../demo/run-demo.js'
import { EXIT } from '../terminal/exit-code.js'
import { formatCount, formatPercent, formatTable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { sqlTable } from './query-table.js'

export interface DemoOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly port?: string
}

/** `spillway demo`: everything on this machine, from samples to what a recipient gets. */
export async function demoCommand(options: DemoOptions, terminal: Terminal): Promise<number> {
  const demo = await withProgress(terminal, 'starting', progress =>
    startDemo({
      say: step => progress.say(step),
      signal: terminal.signal,
      ...(options.port !== undefined && { port: Number(options.port) }),
    }),
  )
  try {
    const { facts } = demo
    const style = styleFor(terminal.stdout, terminal.environment)
    const lines = options.json ? [demoJson(facts)] : demoLines(facts, style, options.once === true)
    for (const line of lines) await writeLine(terminal.stdout, line)
    if (!options.once) await aborted(terminal.signal)
    return isExact(facts) ? EXIT.ok : EXIT.failed
  } finally {
    await demo.close()
  }
}

function demoJson(told: DemoFacts): string {
  const { samples, assets, fetched, listed, answer, rows, rowsAtProvider, ...facts } = told
  return shownJson({
    ...facts,
    samples: samples.map(({ name, format, location, note }) => ({ name, format, location, note })),
    assets: assets.map(({ name, kind, location, note }) => ({ name, kind, location, note })),
    fetched: fetched.map(each => ({ ...each })),
    listed: listed.map(each => ({
      ...each,
      rows: each.rows.toString(),
      rowsAtProvider: each.rowsAtProvider.toString(),
    })),
    rows: rows.toString(),
    rowsAtProvider: rowsAtProvider.toString(),
    columns: answer.columns,
    answer: answer.rows,
  })
}

function demoLines(facts: DemoFacts, style: Style, once: boolean): readonly string[] {
  return [
    '',
    heading('1  The provider', 'shares tables and files as they lie on its disk', style),
    ...indent(sharedLines(facts, style)),
    '',
    ...indent([`${style.cyan(facts.endpoint)}  ${style.dim('this machine only')}`]),
    '',
    heading('2  A recipient', 'knows nothing but a profile file', style),
    ...indent([
      style.dim(facts.profilePath),
      ...facts.profile.trimEnd().split('\n'),
      '',
      ...listedLines(facts, style),
    ]),
    '',
    heading('3  A question', `over ${QUESTION.table}`, style),
    ...indent(
      QUESTION.where
        .split(' AND ')
        .map((part, i) => `${style.dim(i === 0 ? 'where' : '  and')}  ${part}`),
    ),
    '',
    ...indent([
      `${style.bold(style.green(`${facts.filesKept} of ${formatCount(facts.filesTotal, 'file')}`))} were signed and sent: ${formatPercent(facts.filesTotal - facts.filesKept, facts.filesTotal)} pruned by partition and statistics`,
    ]),
    '',
    heading(
      '4  The answer',
      `DuckDB over the signed URLs, in ${Math.round(facts.milliseconds)} ms`,
      style,
    ),
    ...indent(QUESTION.sql.split('\n').map(line => style.dim(line))),
    '',
    ...indent(sqlTable(facts.answer, style)),
    '',
    ...indent([verdict(facts, `${formatCount(facts.rows, 'row')}, deleted ones left out`, style)]),
    '',
    heading('5  Files', 'fetched, each byte held to the SHA-256 that the provider states', style),
    ...indent(fetchedLines(facts, style)),
    '',
    ...(once ? onceLines(style) : nextLines(facts, style)),
  ]
}

function sharedLines({ samples, assets }: DemoFacts, style: Style): readonly string[] {
  return formatTable(
    [{ title: 'shared' }, { title: '' }, { title: '' }],
    [
      ...samples.map(({ name, format, note }) => [name, `${format} table`, note]),
      ...assets.map(({ name, kind, note }) => [name, kind, note]),
    ],
    style,
  )
}

function fetchedLines({ fetched }: DemoFacts, style: Style): readonly string[] {
  return formatTable(
    [
      { title: 'fetches' },
      { title: '' },
      { title: 'files', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: '' },
    ],
    fetched.map(({ name, kind, files, bytes, isExact: isWhole }) => [
      name,
      kind,
      formatCount(files),
      formatCount(bytes),
      isWhole ? '✓ verified' : '✗ not what the provider has',
    ]),
    style,
  )
}

function listedLines({ listed }: DemoFacts, style: Style): readonly string[] {
  const rows = listed.map(each => [
    each.name,
    formatCount(each.files),
    formatCount(each.rows),
    each.rows === each.rowsAtProvider
      ? '✓ as at the provider'
      : `✗ ${each.rowsAtProvider} at the provider`,
  ])
  return formatTable(
    [
      { title: 'finds' },
      { title: 'files', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: '' },
    ],
    rows,
    style,
  )
}

function verdict({ rows, rowsAtProvider }: DemoFacts, text: string, style: Style): string {
  return rows === rowsAtProvider
    ? `${style.green('✓')} ${text}: exactly those the provider's own table has`
    : style.red(`✗ ${text}, but the provider's own table has ${rowsAtProvider}`)
}

function isExact({ listed, rows, rowsAtProvider, fetched }: DemoFacts): boolean {
  return (
    rows === rowsAtProvider &&
    listed.every(each => each.rows === each.rowsAtProvider) &&
    fetched.every(each => each.isExact)
  )
}

function heading(title: string, text: string, style: Style): string {
  return `${style.bold(style.cyan(title))}  ${text}`
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map(line => (line === '' ? '' : `   ${line}`))
}

function onceLines(style: Style): readonly string[] {
  return [style.dim('That was --once: without it the server stays up for your own client.'), '']
}

function nextLines({ profilePath }: DemoFacts, style: Style): readonly string[] {
  const table = `${profilePath}#${QUESTION.table}`
  const spillway = command()
  return [
    heading('6  Your turn', 'while this runs, in another terminal', style),
    ...indent([
      style.dim(
        '# here: what is shared, one table, SQL over all of them, and a shell that completes names',
      ),
      `${spillway} ls '${profilePath}'`,
      `${spillway} describe '${table}'`,
      `${spillway} query '${profilePath}' "${NEXT_SQL}"`,
      `${spillway} query '${profilePath}' "${NEXT_SQL}" --explain`,
      `${spillway} export '${profilePath}' ${QUESTION.table} --to trips.parquet`,
      `${spillway} shell '${profilePath}'`,
      style.dim('# files: fetched, then read again and compared'),
      `${spillway} describe '${profilePath}#city.public.fares@champion'`,
      `${spillway} download '${profilePath}#city.public.handbook' --to handbook`,
      `${spillway} verify handbook`,
      style.dim('# the official Python client: pip install delta-sharing'),
      `python3 -c "import delta_sharing as d; print(d.load_as_pandas('${table}'))"`,
      style.dim('# your own tables: write a spillway.yaml (README, "Share your own table"), then'),
      `${spillway} serve --config spillway.yaml`,
    ]),
    '',
    style.dim('Ctrl-C stops the server and removes the samples.'),
    '',
  ]
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A join of two tables, of which one is pruned. */
const NEXT_SQL = `SELECT covered, count(*) AS trips, sum(fare) AS fares FROM city.public.trips JOIN city.public.stations USING (station) WHERE day = DATE '2026-03-07' GROUP BY ALL`

/** How this program was started: in a clone there is no `spillway` on the path. */
function command(): string {
  const [, script = ''] = process.argv
  return script.endsWith('main.js') ? `node ${script}` : 'spillway'
}
