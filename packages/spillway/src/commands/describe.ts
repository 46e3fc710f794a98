import { parseTableName } from '@spillway/client'
import { formatBytes, formatCount, formatFacts, formatTable, printable } from '../format-table.js'
import { jsonText } from '../json-text.js'
import { withProgress } from '../progress.js'
import { canvasOf } from '../recipient/canvas.js'
import { describeTable, type TableDescription } from '../recipient/describe-table.js'
import { withNearestTable } from '../recipient/list-tables.js'
import { openProfile } from '../recipient/open-profile.js'
import { PARTITIONS_SHOWN, partitionChart } from '../recipient/partition-chart.js'
import { parseSharePath } from '../recipient/share-path.js'
import { typeText } from '../recipient/type-text.js'
import { parseTimestamp } from '../table-source.js'
import { type Terminal, writeLine } from '../terminal.js'
import { integerOf } from './table-options.js'

export interface DescribeCommandOptions {
  readonly version?: string
  readonly timestamp?: string
  readonly top?: string
  readonly json?: boolean
}

/** `spillway describe PROFILE#share.schema.table`: what a shared table says about itself. */
export async function describeCommand(
  path: string,
  options: DescribeCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  const table = parseTableName(name)
  const version = integerOf('--version', options.version)
  const top = Number(integerOf('--top', options.top) ?? PARTITIONS_SHOWN)
  if (options.timestamp !== undefined) parseTimestamp(options.timestamp)
  const { client } = await openProfile(profile, terminal)
  const { signal } = terminal
  const description = await withProgress(terminal, `describing ${name}`, () =>
    withNearestTable(client, name, {
      signal,
      work: () =>
        describeTable(client, table, {
          signal,
          ...(version !== undefined && { version }),
          ...(options.timestamp !== undefined && { timestamp: options.timestamp }),
        }),
    }),
  )
  const lines = options.json
    ? [descriptionJson(name, description)]
    : descriptionLines(name, description, { terminal, top })
  for (const line of lines) await writeLine(terminal.stdout, line)
}

function descriptionJson(name: string, description: TableDescription): string {
  return jsonText({
    name,
    version: description.version?.toString() ?? null,
    responseFormat: description.responseFormat,
    description: description.description ?? null,
    schema: description.schema.map(({ name, type, nullable, comment }) => ({
      name,
      type: typeText(type),
      nullable,
      ...(comment !== undefined && { comment }),
    })),
    partitionColumns: [...description.partitionColumns],
    files: description.files,
    bytes: description.bytes,
    rows: description.rows,
    deletionVectors: description.deletionVectors,
    features: [...description.features],
    properties: Object.fromEntries(description.properties),
    partitions: description.partitions.map(each => ({ ...each, values: { ...each.values } })),
  })
}

/** The same for people; also `.describe` of the shell. */
export function descriptionLines(
  name: string,
  description: TableDescription,
  {
    terminal,
    top = PARTITIONS_SHOWN,
  }: { readonly terminal: Pick<Terminal, 'stdout' | 'environment'>; readonly top?: number },
): readonly string[] {
  const canvas = canvasOf(terminal)
  const { style } = canvas
  const { partitions } = description
  return [
    style.bold(printable(name)),
    ...(description.description === undefined ? [] : [printable(description.description)]),
    '',
    ...formatFacts(factsOf(description), style),
    '',
    ...formatTable(
      [{ title: 'column' }, { title: 'type' }, { title: '' }],
      description.schema.map(({ name, type, nullable, comment }) => [
        name,
        typeText(type),
        [
          ...(nullable ? [] : ['not null']),
          ...(description.partitionColumns.includes(name) ? ['partition'] : []),
          ...(comment === undefined ? [] : [comment]),
        ].join(', '),
      ]),
      style,
    ),
    ...(partitions.length === 0
      ? []
      : [
          '',
          style.bold(formatCount(partitions.length, 'partition')),
          ...partitionChart(partitions, canvas, top),
        ]),
  ]
}

function factsOf(description: TableDescription): readonly (readonly [string, string])[] {
  const { version, rows, files, bytes, deletionVectors, properties } = description
  const list = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [[name, printable(values.join(', '))] as const]
  return [
    ['version', version === undefined ? 'not said' : version.toString()],
    ['rows', rows === null ? 'only reading tells' : formatCount(rows)],
    ['files', `${formatCount(files)}, ${formatBytes(bytes)}`],
    ...(deletionVectors === 0
      ? []
      : [['deletes', formatCount(deletionVectors, 'deletion vector')] as const]),
    ...list('partitioned by', description.partitionColumns),
    ['answered as', description.responseFormat === 'delta' ? 'Delta actions' : 'plain Parquet'],
    ...list('reader features', description.features),
    ...list(
      'properties',
      [...properties].map(([key, value]) => `${key}=${value}`),
    ),
  ]
}
