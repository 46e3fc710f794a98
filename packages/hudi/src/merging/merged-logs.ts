import {
  type DataFile,
  type Field,
  inSlices,
  mapConcurrently,
  type Schema,
  Slices,
  TableError,
} from '@spillway/core'
import { type MergeRule, mergeRule, unsupported } from '../config/merge-rule.js'
import type { HudiReaderOptions } from '../config/options.js'
import { parseFileName } from '../file-groups/file-name.js'
import type { Visibility } from '../file-groups/file-slices.js'
import { RECORDS_AT_ONCE } from '../log-files/avro-block.js'
import { type BlockFilter, orderBlocks } from '../log-files/block-order.js'
import { readDataBlock } from '../log-files/data-block.js'
import { readDeleteBlock } from '../log-files/delete-block.js'
import { LOG_HEADER, type LogBlock, readLogBlocks } from '../log-files/log-file.js'
import { type KeyRule, keyRule } from '../log-files/record-key.js'
import type { SchemaHistory } from '../schema/schema-history.js'
import type { TableState } from '../timeline/table-state.js'
import { keyedBase } from './keyed-base.js'
import { LogMerge, type MergedRecord, type MergeId } from './merge.js'
import { orderingValue } from './ordering-value.js'
import { type RecordPositions, recordPositions } from './record-positions.js'

export interface MergedLogsOptions {
  readonly options: HudiReaderOptions
  readonly state: TableState
  readonly schema: Schema
  readonly history: SchemaHistory | undefined
  readonly visibility: Visibility
  readonly asOf: string | undefined
}

/**
 * What the logs of a slice do to it, in the end: rows of the base file that are taken away, by position, with the rows
 * that stand in for them, and rows that are new. Rows that the logs touch without changing the outcome are not named.
 */
export function mergedLogsOf(
  context: MergedLogsOptions,
): (file: DataFile, signal?: AbortSignal) => AsyncIterable<readonly MergedRecord[]> {
  return async function* mergedLogs(file, signal) {
    const rule = mergeRule(context.state.config)
    const keys = keyRule(context.state.config, context.schema)
    const ordering = rule.orderingFields.map(name => orderingField(context.schema, name))
    const merge = new LogMerge(rule)
    const blocks = await blocksOf(file, context, signal && { signal })
    const positions = await positionsOf(blocks, file, context)
    const turns = new Slices()
    const merging = { context, merge, keys, ordering, positions, turns, signal }
    for (const block of blocks) await addBlock(block, merging)
    if (file.fileFormat !== 'hudi-log' && merge.size > 0) {
      yield* mergeBase(file, { ...merging, rule })
    }
    yield* inChunks(merge.inserts(), turns)
  }
}

/** Positions that the blocks state; none to version 6, where Hudi's reader goes by keys whatever the blocks say. */
async function positionsOf(
  blocks: readonly LogBlock[],
  file: DataFile,
  { state }: MergedLogsOptions,
): Promise<RecordPositions | undefined> {
  const hasThem = state.config.tableVersion >= 8 && file.fileFormat !== 'hudi-log'
  return hasThem ? inSlices(recordPositions(blocks, file)) : undefined
}

export function orderingField(schema: Schema, name: string): Field {
  const path = schema.find([name])
  if (path !== undefined) return path[0]
  throw unsupported(`the ordering field ${name}, which the schema does not have at its top level`)
}

/** The data and delete blocks that count, in the order they are merged; `read` gives those of one log file. */
export async function blocksOf(
  file: DataFile,
  { options, state, visibility, asOf }: MergedLogsOptions,
  {
    read = readLogBlocks,
    signal,
  }: { read?: typeof readLogBlocks; signal?: AbortSignal | undefined } = {},
): Promise<readonly LogBlock[]> {
  const found = await mapConcurrently(file.logFiles, 8, log => read(options.store, log, signal))
  const counts = (instant: string) => {
    if (visibility.completionOf(instant) === undefined) return false
    if (asOf !== undefined && instant > asOf) return false
    return !state.timeline.pending.has(instant)
  }
  if (visibility.logNames === 'own') refuseEmptied(file, found, counts)
  return orderBlocks(found.flat(), counts)
}

/** From version 8 on a log is named after its write: where that completed and left no block anywhere, rows are lost. */
function refuseEmptied(
  { logFiles }: DataFile,
  found: readonly (readonly LogBlock[])[],
  counts: BlockFilter,
): void {
  const told = new Set(
    found.flat().flatMap(({ header }) => {
      const names = [header.get(LOG_HEADER.instant), header.get(LOG_HEADER.targetInstant)]
      return names.filter(name => name !== undefined)
    }),
  )
  for (const [i, { path }] of logFiles.entries()) {
    const instant = parseFileName(path.slice(path.lastIndexOf('/') + 1))?.instant ?? ''
    if (found[i]!.length > 0 || told.has(instant) || !counts(instant)) continue
    throw new TableError(
      'TABLE_CORRUPT',
      `log file ${path} is empty, and its write ${instant} completed`,
      { context: { path } },
    )
  }
}

interface MergeContext {
  readonly context: MergedLogsOptions
  readonly merge: LogMerge
  readonly keys: KeyRule
  readonly ordering: readonly Field[]
  /** Where rows of the base file are told by position. */
  readonly positions: RecordPositions | undefined
  readonly turns: Slices
  readonly signal?: AbortSignal | undefined
}

async function addBlock(block: LogBlock, merging: MergeContext): Promise<void> {
  const { context, merge, keys, ordering, positions, turns, signal } = merging
  requireMergeable(block)
  const idOf = idsOf(block, positions)
  const instant = block.header.get(LOG_HEADER.instant) ?? ''
  if (block.type === 'delete') {
    for (const key of await readDeleteBlock(block, signal)) {
      const values = key.ordering?.map((value, i) => orderingValue(value, ordering[i]))
      const recordKey = keys.ofDelete(key.recordKey)
      merge.add(idOf(recordKey), { recordKey, instant, ordering: values })
      if (turns.isOver) await turns.pause()
    }
    return
  }
  const read = readDataBlock(block, {
    fields: context.schema.fields,
    nameOf: field => nameIn(field, block, context.history),
    keys,
    ordering,
    signal,
  })
  for await (const records of read) {
    for (const { recordKey, row, isDelete, orderingValues } of records) {
      merge.add(idOf(recordKey), {
        recordKey,
        instant,
        ordering: orderingValues,
        ...(isDelete ? {} : { row }),
      })
    }
    if (turns.isOverNow) await turns.pause()
  }
}

/** What each next record of a block is merged by: its position in the base file where blocks tell those, or its key. */
function idsOf(block: LogBlock, positions: RecordPositions | undefined) {
  const inBlock = positions?.get(block)
  let next = 0
  return (recordKey: string): MergeId => {
    if (inBlock === undefined) return recordKey
    const position = inBlock[next++]
    if (position !== undefined) return position
    throw new TableError(
      'TABLE_CORRUPT',
      `a block of ${block.path} states ${inBlock.length} positions, and has more records`,
      { context: { path: block.path } },
    )
  }
}

/** Refuses what the header of a block says that no rule here merges. */
export function requireMergeable(block: LogBlock): void {
  if (block.header.get(LOG_HEADER.isPartial)?.toLowerCase() === 'true') {
    throw unsupported(`partial updates (log block of ${block.path})`)
  }
}

function nameIn(
  field: Field,
  block: LogBlock,
  history: SchemaHistory | undefined,
): string | undefined {
  const instant = block.header.get(LOG_HEADER.instant)
  if (history === undefined || instant === undefined) return field.name
  const name = history.nameAt([field], instant)
  return name === 'absent' ? undefined : (name?.[0] ?? field.name)
}

/** Looks up the base file's rows, by position or by key: only keys and ordering columns are read. */
async function* mergeBase(
  file: DataFile,
  merging: MergeContext & { readonly rule: MergeRule },
): AsyncGenerator<readonly MergedRecord[]> {
  const { context, merge, rule, keys, ordering, positions, turns, signal } = merging
  requireParquet(file)
  let touched: MergedRecord[] = []
  const runs = keyedBase(file, {
    options: context.options,
    root: context.state.root,
    history: context.history,
    keys,
    ordering: rule.orderBase ? ordering : [],
    signal,
  })
  for await (const { first, length, keyOf, orderingOf } of runs) {
    for (let row = 0; row < length; row++) {
      if (turns.isOver) await turns.pause()
      const position = first + BigInt(row)
      const key = keyOf(row)
      const id = positions === undefined ? key : Number(position)
      if (positions !== undefined) requireSameKey(merge.keyOf(id), { key, position, file })
      const record = merge.mergeBase(id, position, () => orderingOf(row))
      if (record === undefined) continue
      touched.push(record)
      if (touched.length < RECORDS_AT_ONCE) continue
      yield touched
      touched = []
    }
  }
  if (touched.length > 0) yield touched
}

/** A log that changes a row by its position knows the row's key as well. */
function requireSameKey(
  logged: string | undefined,
  {
    key,
    position,
    file,
  }: { readonly key: string; readonly position: bigint; readonly file: DataFile },
): void {
  if (logged === undefined || logged === key) return
  throw new TableError(
    'TABLE_CORRUPT',
    `a log changes row ${position} of ${file.recordedPath} as record ${logged}, and the row is ${key}`,
    { context: { path: file.recordedPath, position } },
  )
}

function requireParquet(file: DataFile): void {
  if (file.fileFormat === 'parquet') return
  throw new TableError('UNSUPPORTED_FEATURE', `base files in ${file.fileFormat} cannot be read`, {
    context: { path: file.path, format: file.fileFormat },
  })
}

async function* inChunks(
  records: Iterable<MergedRecord | undefined>,
  turns: Slices,
): AsyncGenerator<readonly MergedRecord[]> {
  let chunk: MergedRecord[] = []
  for (const record of records) {
    if (turns.isOver) await turns.pause()
    if (record === undefined) continue
    chunk.push(record)
    if (chunk.length < RECORDS_AT_ONCE) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
