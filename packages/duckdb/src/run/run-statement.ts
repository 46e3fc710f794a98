import { mapConcurrently, TableError } from '@spillway/core'
import type { Chunk } from '@spillway/rows'
import type { ConnectionShares } from '../attach/connection-shares.js'
import { closeAll, thenClose } from '../connection/close-all.js'
import type { ProgressMeter } from '../fetch/progress.js'
import type { StatementPlan } from '../plan/plan-statement.js'
import type { QuerySqlOptions, ResultColumn } from '../share/attached-share.js'
import type { SharedFile } from '../share/open-scan.js'
import { BatchedRows, type Batching } from './batched-rows.js'
import {
  type ExecuteOptions,
  execute,
  type StatementShape,
  shapeOf,
  tableColumns,
  type ViewBinding,
} from './execute.js'
import { namedColumns, namedSql } from './named-structs.js'
import { relationSql } from './relation.js'
import type { RowSource } from './result.js'
import { tableChunks } from './result-table.js'
import { runsInParts } from './runs-in-parts.js'
import {
  type FetchedFiles,
  fetchFiles,
  type ReadyScan,
  type Relation,
  SCANS_AT_ONCE,
  viewOf,
} from './scan-files.js'

export interface RunOptions {
  readonly plan: StatementPlan
  readonly ready: readonly ReadyScan[]
  readonly shares: ConnectionShares
  /** A name that no other table of the connection has. */
  readonly nextName: () => string
  readonly meter: ProgressMeter
  readonly options: QuerySqlOptions
}

/** Bytes and files of one batch of a statement whose rows come as its files do. */
const BATCH_BYTES = 64 * 1024 * 1024
const BATCH_FILES = 64

/** A statement whose files are fetched: all of them before it runs, or batch by batch while it does. */
export async function runStatement(run: RunOptions): Promise<RowSource> {
  const { plan, ready } = run
  const shape = await shapeOf(plan.sql, executeOptions(run, []))
  const [only] = ready
  // Without columns known beforehand there is nothing to give out before the first batch.
  const { columns } = shape
  if (only === undefined || columns === undefined || !plan.streams || !shape.isQuery) {
    return runWhole(run, shape)
  }
  const batches = fileBatches(only.files, plan.streams.limit)
  if (batches.length < 2) return runWhole(run, shape)
  const nothing = executeOptions(run, [viewOf(only, relationSql(only.scan.stub.fields, [], []))])
  if (!(await runsInParts(plan.sql, nothing))) return runWhole(run, shape)
  return new BatchedRows(batchingOf(run, only, columns), batches, namedColumns(columns))
}

/** Rows of the first file answer many a LIMIT, so batches start small under one. */
function fileBatches(files: readonly SharedFile[], limit: number | undefined): SharedFile[][] {
  const batches: SharedFile[][] = []
  let bytes = 0
  let atMost = limit === undefined ? BATCH_FILES : 1
  for (const shared of files) {
    const last = batches.at(-1)
    if (last === undefined || last.length >= atMost || bytes >= BATCH_BYTES) {
      if (last !== undefined) atMost = Math.min(BATCH_FILES, atMost * 2)
      batches.push([shared])
      bytes = 0
    } else last.push(shared)
    bytes += shared.file.size
  }
  return batches
}

function batchingOf(run: RunOptions, scan: ReadyScan, columns: readonly ResultColumn[]): Batching {
  const { plan, shares, nextName, meter } = run
  return {
    shares,
    nextName,
    limit: plan.streams?.limit ?? Number.POSITIVE_INFINITY,
    fetch: files => fetchFiles(scan, files, openingOf(run)),
    async make(table, relation) {
      try {
        await execute(createSql(table, run, columns), executeOptions(run, [relation]))
      } catch (error) {
        throw failureOf(run) ?? error
      }
    },
    reading: executeOptions(run, []),
    done: () => meter.done(),
  }
}

/** Runs the statement at once; the files are not needed after it. */
function runWhole(run: RunOptions, shape: StatementShape): Promise<RowSource> {
  const fetched: FetchedFiles[] = []
  const relations: Relation[] = []
  const work = async () => {
    await mapConcurrently(run.ready, SCANS_AT_ONCE, async scan => {
      fetched.push(await fetchFiles(scan, scan.files, openingOf(run)))
    })
    for (const files of fetched) relations.push(await files.relation())
    const options = executeOptions(run, relations)
    if (!shape.isQuery) return collectedRows(shape, await execute(run.plan.sql, options))
    const table = run.nextName()
    await execute(createSql(table, run, shape.columns), options)
    return tableRows(table, await columnsOf(table, shape, options), run)
  }
  const failed = (error: unknown) => {
    throw failureOf(run) ?? error
  }
  return thenClose(
    () => work().catch(failed),
    async () => {
      run.meter.done()
      // What no relation was made of is closed as well.
      await closeAll([...fetched, ...relations].map(each => () => each.close()))
    },
  )
}

function failureOf({ ready }: RunOptions): Error | undefined {
  for (const { scan, reader } of ready) {
    const failure = scan.provider.access.failure?.(reader)
    if (failure !== undefined) return failure
  }
  return undefined
}

function collectedRows({ columns = [] }: StatementShape, chunks: readonly Chunk[]): RowSource {
  return {
    columns,
    async *chunks() {
      yield* chunks
    },
    async into() {
      throw new TableError(
        'INVALID_REQUEST',
        'only the rows of a query can be made a table, and the statement is not a query',
      )
    },
    async close() {
      // Nothing is held.
    },
  }
}

/** Rows that wait in a temporary table, which DuckDB keeps in memory or spills. */
function tableRows(table: string, columns: readonly ResultColumn[], run: RunOptions): RowSource {
  let kept = false
  return {
    columns,
    chunks: () => tableChunks(table, executeOptions(run, [])),
    async into() {
      kept = true
      return table
    },
    async close() {
      if (kept) return
      await run.shares.drop(table)
    },
  }
}

/** The columns of a query that was run into a table, by the names that they have in the query. */
async function columnsOf(
  table: string,
  { columns, names }: StatementShape,
  options: ExecuteOptions,
): Promise<readonly ResultColumn[]> {
  if (columns !== undefined) return namedColumns(columns)
  const own = await tableColumns(table, options)
  return own.map(({ name, type }, i) => ({ name: names?.[i] ?? name, type }))
}

function createSql(
  table: string,
  { plan }: RunOptions,
  columns: readonly ResultColumn[] | undefined,
): string {
  return `CREATE TEMP TABLE ${table} AS (${namedSql(plan.sql, columns)}\n)`
}

function executeOptions({ shares, options }: RunOptions, bindings: readonly ViewBinding[]) {
  return { ...options, shares, bindings }
}

function openingOf({ shares, meter, options: { signal } }: RunOptions) {
  return { shares, meter, signal }
}
