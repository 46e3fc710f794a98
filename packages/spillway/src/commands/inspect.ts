import { type ErrorCode, isTableError, type JsonObject, writeJson } from '@spillway/core'
import { typeText } from '../recipient/type-text.js'
import { fileFacts, fileFactsJson, fileFactsText } from '../tables/file-facts.js'
import { type Inspected, inspectedOf } from '../tables/inspect-table.js'
import { isSharedName } from '../tables/received-table.js'
import { declaredNeeds } from '../tables/recipient-kinds.js'
import { type TableFacts, tableFacts } from '../tables/table-facts.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { inspectAsset } from './inspect-asset.js'
import { withTable } from './open-table.js'
import type { TableOptions } from './table-options.js'

export interface InspectOptions extends TableOptions {
  /** Read the footers of all files, too. */
  readonly files?: boolean
}

/**
 * `spillway inspect LOCATION`: what a table says about itself, and with `--files` what its files do; of a folder that is none, what
 * it could be shared as.
 */
export async function inspectCommand(
  location: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  try {
    await inspectTable(location, options, terminal)
  } catch (error) {
    // Whatever has no ending may be a Parquet file, and is looked at as one.
    const isNoTable = isTableError(error) && NO_TABLE.includes(error.code)
    const mayBeFiles = options.format === undefined && !isSharedName(location)
    if (!isNoTable || !mayBeFiles || !(await inspectAsset(location, options, terminal))) throw error
  }
}

const NO_TABLE: readonly ErrorCode[] = ['NOT_FOUND', 'TABLE_CORRUPT', 'UNSUPPORTED_FEATURE']

async function inspectTable(
  location: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  const { signal, stdout } = terminal
  const [facts, shown, lines] = await withTable(location, { options, terminal }, async table => {
    const { snapshot, spillway } = table
    const found = await tableFacts(snapshot, signal)
    const inspected = inspectedOf(snapshot, found)
    const types = snapshot.schema.fields.map(({ type }) => typeText(type))
    const shown = { types, deletes: deletesText(found) }
    if (!options.files) return [inspected, shown, []]
    const survey = await fileFacts(snapshot, { shapes: spillway.shapes, signal })
    const needs = declaredNeeds(snapshot, found)
    const { footers, recipients } = fileFactsText(survey, { total: found.files, needs })
    const declared = Object.fromEntries([...needs].map(([name, need]) => [name, { ...need }]))
    const text = recipients.map(({ title, text }) => [title, text] as const)
    const json = { ...inspected, declared, recipients: fileFactsJson(survey) }
    return [json, shown, [['footers', footers] as const, ...text]]
  })
  if (options.json) {
    await writeLine(stdout, shownJson(facts))
    return
  }
  const style = styleFor(stdout, terminal.environment)
  for (const line of inspectLines({ facts, ...shown }, location, terminal))
    await writeLine(stdout, line)
  if (lines.length === 0) return
  await writeLine(stdout, '')
  const safe = lines.map(([name, value]) => [name, printable(value)] as const)
  for (const line of formatFacts(safe, style)) await writeLine(stdout, line)
}

/** What people are shown in other words than programs. */
interface Shown {
  readonly types: readonly string[]
  /** Undefined where nothing is deleted. */
  readonly deletes: string | undefined
}

function inspectLines(
  { facts, types, deletes }: Shown & { readonly facts: Inspected },
  location: string,
  terminal: Terminal,
): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const whole = terminal.stdout.isTTY !== true
  const records = facts.records === null ? 'only reading tells' : formatCount(facts.records)
  const native = Object.entries(facts.native).flatMap(([name, value]) =>
    value === null || (Array.isArray(value) && value.length === 0)
      ? []
      : [[name, valueText(value)] as const],
  )
  return [
    `${style.bold(printable(location))}  ${style.cyan(facts.format)}`,
    '',
    ...formatFacts(
      [
        ['version', `${facts.version}  ${style.dim(new Date(facts.timestamp).toISOString())}`],
        ['rows', records],
        ['files', `${formatCount(facts.files)}, ${formatBytes(Number(facts.bytes))}`],
        ...(deletes === undefined ? [] : [['deletes', deletes] as const]),
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
      [{ title: 'column', whole }, { title: 'type', whole }, { title: '' }],
      facts.schema.map(({ name, nullable }, i) => [name, types[i]!, nullable ? '' : 'not null']),
      style,
    ),
  ]
}

/** Of what kind they are, and how many rows they take away where the metadata tells. */
function deletesText(found: TableFacts): string | undefined {
  const { deletionVectors, positionDeleteFiles, equalityDeleteFiles, records, recorded } = found
  const kinds = [
    [deletionVectors, 'deletion vector'],
    [positionDeleteFiles, 'position delete file'],
    [equalityDeleteFiles, 'equality delete file'],
  ] as const
  const some = kinds.filter(([count]) => count > 0)
  if (some.length === 0) return undefined
  const text = some.map(([count, noun]) => formatCount(count, noun)).join(', ')
  if (records === null || recorded === undefined) return text
  return `${text}, of ${formatCount(BigInt(recorded) - records, 'row')}`
}

function valueText(value: JsonObject[string]): string {
  return printable(typeof value === 'string' ? value : writeJson(value))
}
