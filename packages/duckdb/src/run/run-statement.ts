import { TableError } from '@spillway/core'
import type { Chunk } from '@spillway/rows'
import type { ProgressMeter } from '../fetch/progress.js'
import type { StatementPlan } from '../plan/plan-statement.js'
import type { QuerySqlOptions, ResultColumn } from '../share/attached-share.js'
import type { SharedFile } from '../share/open-scan.js'
import {
  execute,
  rowCount,
  type StatementShape,
  shapeOf,
  tableChunks,
  tableColumns,
  type ViewBinding,
} from './execute.js'
import type { RowSource } from './result.js'
import { fetchFiles, type ReadContext, type ReadyScan, type Relation } from './scan-files.js'

export interface RunOptions {
  readonly plan: StatementPlan
  readonly ready: readonly ReadyScan[]
  readonly context: ReadContext
  readonly meter: ProgressMeter
  readonly options: QuerySqlOptions
}

/** Bytes and files of one batch of a statement whose rows come as its files do. */
const BATCH_BYTES = 64 * 1024 * 1024
const BATCH_FILES = 64

/** A statement whose files are fetched: all of them before it runs, or batch by batch while it does. */
export async function runStatement(run: RunOptions): Promise<RowSource> {
  const { plan, ready } = run
  // What an earlier statement got over is no reason why this one may fail.
  run.context.access.failure?.()
  const shape = await shapeOf(plan.sql, executeOptions(run, []))
  const [only] = ready
  const batches =
    plan.streams && only && shape.isQuery ? fileBatches(only.files, plan.streams.limit) : []
  // Without columns known beforehand there is nothing to give out before the first batch.
  const { columns } = shape
  if (batches.length < 2 || columns === undefined) return runWhole(run, shape)
  return new BatchedRows(run, batches, columns)
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

/** Runs the statement at once; the files are not needed after it. */
async function runWhole(run: RunOptions, shape: StatementShape): Promise<RowSource> {
  const relations: Relation[] = []
  try {
    for (const scan of run.ready) {
      const fetched = await fetchFiles(scan, scan.files, openingOf(run))
      relations.push(await fetched.relation())
    }
    const options = executeOptions(run, relations)
    if (!shape.isQuery) return collectedRows(shape, await execute(run.plan.sql, options))
    const table = run.context.nextName()
    await execute(createSql(table, run), options)
    const columns = shape.columns ?? (await tableColumns(table, options))
    return tableRows(table, columns, run)
  } catch (error) {
    throw run.context.access.failure?.() ?? error
  } finally {
    for (const relation of relations) await relation.close()
    run.meter.done()
  }
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
  const { session } = run.context
  let kept = false
  return {
    columns,
    chunks: () => tableChunks(table, executeOptions(run, [])),
    async into() {
      kept = true
      return table
    },
    async close() {
      if (!kept) await session.run(`DROP TABLE IF EXISTS temp.main.${table}`)
    },
  }
}

/** Rows that come as files do: while one batch is read, the next is fetched. */
class BatchedRows implements RowSource {
  readonly columns: RowSource['columns']
  readonly #run: RunOptions
  readonly #batches: readonly SharedFile[][]
  readonly #pending: ReturnType<typeof fetchFiles>[] = []
  #next = 0

  constructor(run: RunOptions, batches: readonly SharedFile[][], columns: readonly ResultColumn[]) {
    this.#run = run
    this.#batches = batches
    this.columns = columns
  }

  async *chunks(): AsyncGenerator<Chunk> {
    const { context, plan } = this.#run
    let left = plan.streams?.limit ?? Number.POSITIVE_INFINITY
    for await (const relation of this.#relations()) {
      const table = context.nextName()
      await this.#execute(createSql(table, this.#run), relation)
      try {
        for await (const chunk of tableChunks(table, executeOptions(this.#run, []))) {
          // Each batch has a LIMIT of its own.
          if (chunk.rowCount > left) chunk.rowCount = left
          left -= chunk.rowCount
          if (chunk.rowCount > 0) yield chunk
          if (left <= 0) return
        }
      } finally {
        await context.session.run(`DROP TABLE IF EXISTS temp.main.${table}`)
      }
    }
  }

  async into(): Promise<string> {
    const { context, plan } = this.#run
    const { limit = Number.POSITIVE_INFINITY } = plan.streams ?? {}
    const table = context.nextName()
    let isFirst = true
    for await (const relation of this.#relations()) {
      const sql = isFirst ? createSql(table, this.#run) : `INSERT INTO ${table} (${plan.sql}\n)`
      await this.#execute(sql, relation)
      isFirst = false
      const count = limit < Number.POSITIVE_INFINITY ? await rowCount(table, context.connection) : 0
      if (count > limit) await context.session.run(`DELETE FROM ${table} WHERE rowid >= ${limit}`)
      if (count >= limit) break
    }
    return table
  }

  async close(): Promise<void> {
    for (const fetched of this.#pending.splice(0)) {
      await fetched.then(files => files.close()).catch(() => undefined)
    }
  }

  async #execute(sql: string, relation: Relation): Promise<void> {
    try {
      await execute(sql, executeOptions(this.#run, [relation]))
    } catch (error) {
      throw this.#run.context.access.failure?.() ?? error
    }
  }

  async *#relations(): AsyncGenerator<Relation> {
    this.#fetchNext()
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      const relation = await (await next).relation()
      this.#fetchNext()
      try {
        yield relation
      } finally {
        await relation.close()
      }
    }
    this.#run.meter.done()
  }

  #fetchNext(): void {
    const files = this.#batches[this.#next++]
    if (files === undefined) return
    const fetched = fetchFiles(this.#run.ready[0]!, files, openingOf(this.#run))
    // It is awaited in its turn: until then a failure must not count as unhandled.
    fetched.catch(() => undefined)
    this.#pending.push(fetched)
  }
}

function createSql(table: string, { plan }: RunOptions): string {
  return `CREATE TEMP TABLE ${table} AS (${plan.sql}\n)`
}

function executeOptions({ context, options }: RunOptions, bindings: readonly ViewBinding[]) {
  const { connection, session } = context
  return { ...options, connection, session, bindings }
}

function openingOf({ context, meter, options: { signal } }: RunOptions) {
  return { context, meter, signal }
}
