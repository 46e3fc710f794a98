import type { JsonObject } from '@spillway/core'
import type { PartitionExplanation, ScanExplanation, ShareExplanation } from '@spillway/duckdb'
import { barChart, type Canvas, keptBar, largestRows } from '../terminal/chart.js'
import {
  formatBytes,
  formatCount,
  formatFacts,
  formatPercent,
  printable,
  shorten,
} from '../terminal/format-table.js'
import { partitionLabel } from './partition-chart.js'

const PARTITIONS_SHOWN = 12

/** What was asked of the provider for each table, and how much of it was left: facts, and pictures of the pruning. */
export function explanationLines(
  { scans, transport }: ShareExplanation,
  canvas: Canvas,
): readonly string[] {
  const { style } = canvas
  if (scans.length === 0) return [style.dim('no shared table is read')]
  return [
    ...scans.flatMap((scan, i) => [...(i === 0 ? [] : ['']), ...scanLines(scan, canvas)]),
    '',
    style.dim(`read by ${TRANSPORTS[transport]}`),
  ]
}

const TRANSPORTS = {
  ranges: 'ranges: footers, then the column chunks that are needed',
  download: 'download: whole files',
  httpfs: "DuckDB's httpfs extension",
} as const

function scanLines(scan: ScanExplanation, canvas: Canvas): readonly string[] {
  const { style } = canvas
  const { changes, version } = scan
  const at =
    changes !== undefined
      ? `changes of versions ${changes.start} to ${changes.end ?? 'the latest'}`
      : version === undefined
        ? ''
        : `version ${version}`
  return [
    `${style.bold(style.cyan(printable(scan.table)))}  ${style.dim(at)}`.trimEnd(),
    ...formatFacts([...hintFacts(scan, canvas), ...sizeFacts(scan, canvas)], style),
    ...partitionLines(scan.partitions, canvas),
  ]
}

function hintFacts(
  { filter, hints, unhinted, columns }: ScanExplanation,
  { style, width }: Canvas,
): readonly (readonly [string, string])[] {
  const fit = (text: string) => shorten(printable(text), Math.max(20, width - 14))
  const sent = [
    ...(hints.predicateHints === undefined ? [] : [conditionsText(hints.predicateHints)]),
    ...(hints.jsonPredicateHints === undefined ? [] : [hintText(hints.jsonPredicateHints)]),
    ...(hints.limitHint === undefined ? [] : [`limit ${hints.limitHint}`]),
  ]
  const unused = columns.all.length - columns.read.length
  return [
    ['filter', filter === undefined ? style.dim('none: every row') : fit(filter)],
    ['hints sent', sent.length === 0 ? style.dim('none') : fit(sent.join(', '))],
    ...(unhinted.length === 0
      ? []
      : [['not sent', style.yellow(fit(`${unhinted.join('; ')} (applied to the rows)`))] as const]),
    [
      'columns',
      `${formatCount(columns.read.length)} of ${formatCount(columns.all.length)}${unused === 0 || columns.read.length === 0 ? '' : `: ${fit(columns.read.join(', '))}`}`,
    ],
  ]
}

function sizeFacts(
  { files, bytes, fetchedBytes }: ScanExplanation,
  canvas: Canvas,
): readonly (readonly [string, string])[] {
  const fetched = fetchedBytes()
  const more = files.kept < files.answered ? `; ${formatCount(files.answered)} were answered` : ''
  return [
    ['files', `${kept(files.kept, files.total ?? files.answered, canvas, formatCount)}${more}`],
    ['bytes', kept(bytes.kept, bytes.total ?? bytes.answered, canvas, formatBytes)],
    ...(fetched === 0 ? [] : [['fetched', formatBytes(fetched)] as const]),
  ]
}

function kept(
  part: number,
  total: number,
  canvas: Canvas,
  text: (value: number) => string,
): string {
  const bar = keptBar(part, total, {
    ...canvas,
    width: Math.min(30, Math.max(8, canvas.width - 56)),
  })
  return `${bar}  ${text(part)} of ${text(total)} (${formatPercent(part, total)})`
}

/** Bytes of the partitions that were answered; a partition of which nothing is read is drawn back. */
function partitionLines(
  partitions: readonly PartitionExplanation[],
  canvas: Canvas,
): readonly string[] {
  const named = partitions.filter(({ values }) => Object.keys(values).length > 0)
  if (named.length < 2) return []
  const rows = named.map(({ values, files, kept, bytes }) => ({
    label: partitionLabel(values),
    value: bytes,
    text: `${formatCount(kept)} of ${formatCount(files, 'file')}, ${formatBytes(bytes)}`,
    dim: kept === 0,
  }))
  const { shown, rest } = largestRows(rows, PARTITIONS_SHOWN)
  const lines = barChart(
    [...shown].sort((a, b) => (a.label < b.label ? -1 : 1)),
    { ...canvas, width: canvas.width - 2 },
  )
  const more =
    rest.length === 0 ? [] : [canvas.style.dim(`… ${formatCount(rest.length, 'partition')} more`)]
  return [...lines, ...more].map(line => `  ${line}`)
}

/** SQL hints as one condition; names that need no quotes are shown without. */
function conditionsText(conditions: readonly string[]): string {
  const quoted = /'(?:[^'\\]|\\.)*'|`([A-Za-z_]\w*)`/g
  return conditions
    .map(each => each.replace(quoted, (whole, name?: string) => name ?? whole))
    .join(' AND ')
}

interface HintNode {
  readonly op?: unknown
  readonly children?: readonly HintNode[]
  readonly name?: unknown
  readonly value?: unknown
}

const INFIX: Readonly<Record<string, string>> = {
  and: 'AND',
  or: 'OR',
  equal: '=',
  lessThan: '<',
  lessThanOrEqual: '<=',
  greaterThan: '>',
  greaterThanOrEqual: '>=',
}

/** A predicate tree (PROTOCOL.md, "JSON predicates") as people write it; as it is where it holds something else. */
export function hintText(json: string): string {
  try {
    return nodeText(JSON.parse(json) as HintNode) ?? json
  } catch {
    return json
  }
}

function nodeText({ op, children = [], name, value }: HintNode): string | undefined {
  if (op === 'column') return typeof name === 'string' ? name : undefined
  if (op === 'literal') return typeof value === 'string' ? value : undefined
  const parts = children.map(nodeText)
  if (typeof op !== 'string' || parts.includes(undefined)) return undefined
  if (op === 'not') return `NOT (${parts[0]})`
  if (op === 'isNull') return `${parts[0]} IS NULL`
  const infix = INFIX[op]
  if (infix === undefined) return `${op}(${parts.join(', ')})`
  const inner =
    infix.length > 2 ? children.map((child, i) => bracketed(child, op, parts[i]!)) : parts
  return inner.join(` ${infix} `)
}

function bracketed({ op }: HintNode, outer: string, text: string): string {
  return (op === 'and' || op === 'or') && op !== outer ? `(${text})` : text
}

/** The same as data. */
export function explanationJson({ scans, transport }: ShareExplanation): JsonObject {
  return {
    transport,
    tables: scans.map(({ fetchedBytes, version, changes, hints, files, bytes, ...scan }) => ({
      ...scan,
      ...(version !== undefined && { version: version.toString() }),
      ...(changes && { changes: { ...changes } }),
      hints: {
        ...hints,
        ...(hints.predicateHints && { predicateHints: [...hints.predicateHints] }),
      },
      unhinted: [...scan.unhinted],
      columns: { read: [...scan.columns.read], all: [...scan.columns.all] },
      files: { ...files },
      bytes: { ...bytes },
      partitions: scan.partitions.map(each => ({ ...each, values: { ...each.values } })),
      fetchedBytes: fetchedBytes(),
    })),
  }
}
