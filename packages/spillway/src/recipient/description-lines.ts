import type { JsonObject } from '@spillway/core'
import { canvasOf } from '../terminal/canvas.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatTable,
  printable,
} from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'
import type { TableDescription } from './describe-table.js'
import { PARTITIONS_SHOWN, partitionChart } from './partition-chart.js'
import { typeText } from './type-text.js'

/** A description as data. */
export function descriptionJson(name: string, description: TableDescription): JsonObject {
  return {
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
  }
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
  const whole = terminal.stdout.isTTY !== true
  return [
    style.bold(printable(name)),
    ...(description.description === undefined ? [] : [printable(description.description)]),
    '',
    ...formatFacts(factsOf(description), style),
    '',
    ...formatTable(
      [
        { title: 'column', whole },
        { title: 'type', whole },
        { title: '', whole },
      ],
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
