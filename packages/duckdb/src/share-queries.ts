import type { DuckDBConnection } from '@duckdb/node-api'
import type { SharingClient } from '@spillway/client'
import { TableError } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import type { ShareCatalog } from './attach/catalog.js'
import type { ShareTargets } from './attach/targets.js'
import { type AdaptiveLimit, adaptiveLimit } from './fetch/adaptive-limit.js'
import { CONCURRENCY, type NamedAccess } from './fetch/create-access.js'
import { ProgressMeter } from './fetch/progress.js'
import type { RangeCache } from './fetch/range-cache.js'
import { planStatement, type StatementPlan, type TableScan } from './plan/plan-statement.js'
import { type RowSource, shareResult } from './run/result.js'
import { runStatement } from './run/run-statement.js'
import { type ReadContext, readerFor } from './run/scan-files.js'
import type {
  AttachOptions,
  QuerySqlOptions,
  ScanExplanation,
  ShareExplanation,
  ShareResult,
} from './share/attached-share.js'
import { isChanged, type OpenScan, openScan } from './share/open-scan.js'
import { targetText } from './share/scan-target.js'
import { requireOne, splitStatements } from './sql/split-statements.js'

export interface ShareQueriesOptions {
  readonly connection: DuckDBConnection
  readonly session: Connection
  readonly parser: Connection
  readonly client: SharingClient
  readonly access: NamedAccess
  readonly catalog: ShareCatalog
  readonly targets: ShareTargets
  readonly nextName: () => string
  readonly options: AttachOptions
  readonly cache?: RangeCache | undefined
}

/** A table that changes its columns under a query is planned anew so often. */
const MAX_PLANS = 3

type OpenedPlan = { readonly plan: StatementPlan; readonly open: readonly OpenScan[] }

/** Statements of one connection, one after another. */
export class ShareQueries {
  readonly #given: ShareQueriesOptions
  readonly #limit: AdaptiveLimit
  #last: RowSource | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(given: ShareQueriesOptions) {
    this.#given = given
    this.#limit = adaptiveLimit(given.options.concurrency ?? CONCURRENCY)
  }

  query(sql: string, options: QuerySqlOptions = {}): Promise<ShareResult> {
    return this.#inTurn(async () => {
      const statements = splitStatements(sql)
      const last = statements.at(-1)
      if (last === undefined)
        throw new TableError('INVALID_REQUEST', 'there is no statement in the SQL')
      if (options.parameters !== undefined) requireOne(statements)
      for (const statement of statements.slice(0, -1)) {
        const result = await this.#run(statement, options)
        for await (const _ of result.rows()) {
          // Only the last statement's rows are asked for.
        }
      }
      return this.#run(last, options)
    })
  }

  explain(sql: string, options: QuerySqlOptions = {}): Promise<ShareExplanation> {
    return this.#inTurn(async () => {
      const statements = splitStatements(sql)
      requireOne(statements)
      const planned = await this.#plan(statements[0]!, options)
      await this.#given.targets.forget()
      return this.#explanation(planned, () => 0)
    })
  }

  /** Lists the shares anew, between statements. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#given.catalog.load())
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined)
    await this.#last?.close()
  }

  /** A connection runs one statement at a time, and a new one ends the result of the one before. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn
      .catch(() => undefined)
      .then(async () => {
        await this.#last?.close()
        this.#last = undefined
        return work()
      })
    this.#turn = turn
    return turn
  }

  async #run(sql: string, options: QuerySqlOptions): Promise<ShareResult> {
    const own = joined(options, this.#given.options.signal)
    const planned = await this.#plan(sql, own)
    const { plan, open } = planned
    const meter = this.#meterFor(open)
    const context = this.#readContext()
    const ready = open.map((each, i) => ({
      ...each,
      scan: plan.scans[i]!,
      reader: readerFor(each, context, meter),
    }))
    const source = await runStatement({ plan, ready, context, meter, options: own })
    this.#last = {
      columns: source.columns,
      chunks: () => source.chunks(),
      into: () => source.into(),
      close: async () => {
        await source.close()
        await this.#given.targets.forget()
      },
    }
    const explanation = this.#explanation(planned, () => meter.bytes)
    return shareResult({ source: this.#last, explanation })
  }

  async #plan(sql: string, options: QuerySqlOptions): Promise<OpenedPlan> {
    const { catalog } = this.#given
    for (let attempt = 1; ; attempt++) {
      const plan = await planStatement(sql, this.#given, options)
      const open: OpenScan[] = []
      for (const scan of plan.scans) open.push(await this.#open(scan, options))
      const moved = plan.scans.filter((scan, i) => isChanged(open[i]!, scan.header))
      if (moved.length === 0) return { plan, open }
      if (attempt >= MAX_PLANS) throw unsettled(moved[0]!)
      for (const { known } of moved) {
        const changed = open[plan.scans.findIndex(scan => scan.known === known)]!
        if ('table' in known) await catalog.replace(known, changed.header)
        else await this.#given.targets.forget()
      }
    }
  }

  /** A limit is a hint like any other: where too few files come for it, they are asked for again without. */
  async #open(scan: TableScan, options: QuerySqlOptions): Promise<OpenScan> {
    const { client } = this.#given
    const { limitHint, ...request } = requestOf(scan, options)
    if (limitHint === undefined) return openScan(client, request)
    const limited = await openScan(client, { ...request, limitHint })
    return isCertainlyEnough(limited, limitHint) ? limited : openScan(client, request)
  }

  #readContext(): ReadContext {
    const { connection, session, access, nextName, options, cache } = this.#given
    const { fetch, timeoutMs } = options
    return { connection, session, access, limit: this.#limit, nextName, fetch, timeoutMs, cache }
  }

  #meterFor(open: readonly OpenScan[]): ProgressMeter {
    const files = open.flatMap(scan => scan.files)
    return new ProgressMeter({
      table: open.map(({ target }) => targetText(target)).join(', '),
      files: files.length,
      bytes: files.reduce((sum, { file }) => sum + file.size, 0),
      report: this.#given.options.onProgress,
    })
  }

  #explanation({ plan, open }: OpenedPlan, fetchedBytes: () => number): ShareExplanation {
    return {
      transport: this.#given.access.transport,
      scans: plan.scans.map((scan, i) => explanationOf(scan, open[i]!, fetchedBytes)),
    }
  }
}

/** True where the files' own counts, less what vectors delete, reach the limit, or where all files have come. */
function isCertainlyEnough({ files, answered, total }: OpenScan, limit: number): boolean {
  if (total.files !== undefined && answered.files >= total.files) return true
  let rows = 0
  for (const { file } of files) {
    const deleted = file.deletes.reduce(
      (sum, each) => sum + (each.kind === 'deletion-vector' ? each.cardinality : Number.NaN),
      0,
    )
    rows += (file.recordCount ?? Number.NaN) - deleted
  }
  return rows >= limit
}

function explanationOf(
  { stub, columns, filter, jsonPredicateHints, limitHint, unhinted }: TableScan,
  { target, version, files, answered, total, partitions }: OpenScan,
  fetchedBytes: () => number,
): ScanExplanation {
  const { share, schema, table } = target.name
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0)
  return {
    table: `${share}.${schema}.${table}`,
    ...(version !== undefined && { version }),
    ...(target.changes && { changes: target.changes }),
    ...(filter !== undefined && { filter }),
    hints: {
      ...(jsonPredicateHints !== undefined && { jsonPredicateHints }),
      ...(limitHint !== undefined && { limitHint }),
    },
    unhinted,
    columns: {
      read: columns.map(position => stub.fields[position]!.name),
      all: stub.fields.map(({ name }) => name),
    },
    files: {
      kept: files.length,
      answered: answered.files,
      ...(total.files !== undefined && { total: total.files }),
    },
    bytes: {
      kept: bytes,
      answered: answered.bytes,
      ...(total.bytes !== undefined && { total: total.bytes }),
    },
    partitions,
    fetchedBytes,
  }
}

function requestOf(scan: TableScan, { signal }: QuerySqlOptions) {
  const { target, predicate, jsonPredicateHints, limitHint } = scan
  return {
    target,
    predicate,
    ...(jsonPredicateHints !== undefined && { jsonPredicateHints }),
    ...(limitHint !== undefined && { limitHint }),
    ...(signal && { signal }),
  }
}

function joined(options: QuerySqlOptions, signal: AbortSignal | undefined): QuerySqlOptions {
  if (signal === undefined) return options
  return { ...options, signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal }
}

function unsettled({ target }: TableScan): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `the columns of ${targetText(target)} change faster than a query can be planned`,
    { retryable: true },
  )
}
