import { type JsonObject, writeJson } from '@spillway/core'
import { typeText } from '../recipient/type-text.js'
import { fileFacts, fileFactsJson, fileFactsText } from '../tables/file-facts.js'
import { type Inspected, inspectTable } from '../tables/inspect-table.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { withTable } from './open-table.js'
import type { TableOptions } from './table-options.js'

export interface InspectOptions extends TableOptions {
  /** Read the footers of all files, too. */
  readonly files?: boolean
}

/** `spillway inspect LOCATION`: what a table says about itself, and with `--files` what its files do. */
export async function inspectCommand(
  location: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  const { signal, stdout } = terminal
  const [facts, types, lines] = await withTable(location, { options, terminal }, async table => {
    const { snapshot, spillway } = table
    const inspected = await inspectTable(snapshot, signal)
    const types = snapshot.schema.fields.map(({ type }) => typeText(type))
    if (!options.files) return [inspected, types, []]
    const survey = await fileFacts(snapshot, { shapes: spillway.shapes, signal })
    const text = fileFactsText(survey, Number(inspected.files))
    return [{ ...inspected, recipients: fileFactsJson(survey) }, types, text]
  })
  if (options.json) {
    await writeLine(stdout, writeJson(facts))
    return
  }
  const style = styleFor(stdout, terminal.environment)
  for (const line of inspectLines({ facts, types }, location, terminal))
    await writeLine(stdout, line)
  if (lines.length === 0) return
  await writeLine(stdout, '')
  const safe = lines.map(([name, value]) => [name, printable(value)] as const)
  for (const line of formatFacts(safe, style)) await writeLine(stdout, line)
}

function inspectLines(
  { facts, types }: { readonly facts: Inspected; readonly types: readonly string[] },
  location: string,
  terminal: Terminal,
): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const records = facts.records === null ? 'only reading tells' : formatCount(facts.records)
  const native = Object.entries(facts.native).flatMap(([name, value]) =>
    value === null || (Array.isArray(value) && value.length === 0)
      ? []
      : [[name, shown(value)] as const],
  )
  return [
    `${style.bold(printable(location))}  ${style.cyan(facts.format)}`,
    '',
    ...formatFacts(
      [
        ['version', `${facts.version}  ${style.dim(new Date(facts.timestamp).toISOString())}`],
        ['rows', records],
        ['files', `${formatCount(facts.files)}, ${formatBytes(Number(facts.bytes))}`],
        ...(facts.deleteFiles > 0 ? [['deletes', formatCount(facts.deleteFiles)] as const] : []),
        ...(facts.logFiles > 0 ? [['log files', formatCount(facts.logFiles)] as const] : []),
        ...(facts.partitionColumns.length > 0
          ? [['partitioned by', printable(facts.partitionColumns.join(', '))] as const]
          : []),
        ...(facts.readerFeatures.length > 0
          ? [['reader features', printable(facts.readerFeatures.join(', '))] as const]
          : []),
        ...native,
      ],
      style,
    ),
    '',
    ...formatTable(
      [{ title: 'column' }, { title: 'type' }, { title: '' }],
      facts.schema.map(({ name, nullable }, i) => [name, types[i]!, nullable ? '' : 'not null']),
      style,
    ),
  ]
}

function shown(value: JsonObject[string]): string {
  return printable(typeof value === 'string' ? value : writeJson(value))
}
