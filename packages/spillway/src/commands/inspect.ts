import type { JsonObject } from '@spillway/encoding'
import { formatBytes, formatCount, formatFacts, formatTable, printable } from '../format-table.js'
import { inspectTable } from '../inspect-table.js'
import { jsonText } from '../json-text.js'
import { styleFor } from '../style.js'
import { type Terminal, writeLine } from '../terminal.js'
import { type TableOptions, withTable } from './table-options.js'

/** `spillway inspect LOCATION`: what a table says about itself. */
export async function inspectCommand(
  location: string,
  options: TableOptions,
  terminal: Terminal,
): Promise<void> {
  const facts = await withTable(location, { options, terminal }, ({ snapshot }) =>
    inspectTable(snapshot, terminal.signal),
  )
  if (options.json) {
    await writeLine(terminal.stdout, jsonText(facts))
    return
  }
  for (const line of inspectLines(facts, location, terminal)) await writeLine(terminal.stdout, line)
}

interface Inspected {
  readonly format: string
  readonly version: string
  readonly timestamp: number
  readonly schema: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
  }[]
  readonly partitionColumns: readonly string[]
  readonly files: number
  readonly deleteFiles: number
  readonly logFiles: number
  readonly bytes: number | string
  readonly records: string | null
  readonly readerFeatures: readonly string[]
  readonly native: JsonObject
}

function inspectLines(answer: JsonObject, location: string, terminal: Terminal): readonly string[] {
  const facts = answer as unknown as Inspected
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
      facts.schema.map(({ name, type, nullable }) => [name, type, nullable ? '' : 'not null']),
      style,
    ),
  ]
}

function shown(value: JsonObject[string]): string {
  return printable(typeof value === 'string' ? value : jsonText(value))
}
