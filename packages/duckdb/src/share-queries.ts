import { mapConcurrently, TableError } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import type { ConnectionShares } from './attach/connection-shares.js'
import { inShareWords } from './attach/misnamed-shares.js'
import { describeNamed } from './attach/named-tables.js'
import type { Provider } from './attach/provider.js'
import { closeAll } from './connection/close-all.js'
import { ProgressMeter } from './fetch/progress.js'
import type { Hints } from './plan/hints.js'
import { planStatement, type StatementPlan, type TableScan } from './plan/plan-statement.js'
import { type RowSource, shareResult } from './run/result.js'
import { runStatement } from './run/run-statement.js'
import { readerFor, SCANS_AT_ONCE } from './run/scan-files.js'
import type {
  QuerySqlOptions,
  ScanExplanation,
  ShareExplanation,
  ShareResult,
} from './share/attached-share.js'
import { isChanged, type OpenScan, openScan } from './share/open-scan.js'
import { targetText } from './share/scan-target.js'
import { requireOne, splitStatements, turnOf } from './sql/split-statements.js'

export interface ShareQueriesOptions {
  readonly shares: ConnectionShares
  readonly parser: Connection
  readonly provider: Provider
}

/** A table that changes its columns under a query is planned anew so often. */
const MAX_PLANS = 3

type OpenedPlan = { readonly plan: StatementPlan; readonly open: readonly OpenScan[] }

/** Statements that are given to one attachment of a connection. */
export class ShareQueries {
  readonly #given: ShareQueriesOptions
  readonly #results = new Set<RowSource>()

  constructor(given: ShareQueriesOptions) {
    this.#given = given
  }

  async query(sql: string, options: QuerySqlOptions = {}): Promise<ShareResult> {
    return this.#inShareWords(sql, () => this.#query(sql, options))
  }

  async explain(sql: string, options: QuerySqlOptions = {}): Promise<ShareExplanation> {
    return this.#inShareWords(sql, () => this.#explain(sql, options))
  }

  async #inShareWords<Result>(sql: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      const { providers } = this.#given.shares
      const catalogs = providers.flatMap(({ catalog }) => [...catalog.catalogs.values()])
      throw inShareWords(error, sql, catalogs)
    }
  }

  async #query(sql: string, options: QuerySqlOptions): Promise<ShareResult> {
    const statements = splitStatements(sql)
    const last = statements.at(-1)
    if (last === undefined)
      throw new TableError('INVALID_REQUEST', 'there is no statement in the SQL')
    if (options.parameters !== undefined) requireOne(statements)
    const own = this.#joined(options)
    const { shares } = this.#given
    return shares.statements.take(turnOf(statements), own.signal, async () => {
      if (turnOf(statements) === 'alone') await shares.settle()
      if (statements.length > 1) await this.#describeAhead(statements, own)
      for (const statement of statements.slice(0, -1)) {
        const result = await this.#run(statement, own)
        for await (const _ of result.rawRows()) {
          // Only the last statement's rows are asked for.
        }
      }
      return this.#run(last, own)
    })
  }

  async #explain(sql: string, options: QuerySqlOptions): Promise<ShareExplanation> {
    const statements = splitStatements(sql)
    requireOne(statements)
    const own = this.#joined(options)
    const { shares } = this.#given
    return shares.statements.take('together', own.signal, async () => {
      shares.begin()
      try {
        return this.#explanation(await this.#plan(statements[0]!, own), () => 0)
      } finally {
        await shares.end()
      }
    })
  }

  /** Forgets what is known of the tables, between statements. */
  async refresh(): Promise<void> {
    const { signal } = this.#joined({})
    const { catalog } = this.#given.provider
    return this.#given.shares.statements.take('alone', signal, async () => {
      await this.#given.shares.settle()
      await catalog.refresh(signal)
    })
  }

  /** Waits for every statement of the connection, since any may read these tables; its own have been stopped. */
  async close(): Promise<void> {
    await this.#given.shares.statements.take('alone', undefined, async () => {
      await closeAll([...this.#results].map(result => () => result.close()))
    })
  }

  /** A transaction may hold what follows, and a table is not to be described inside of one. */
  async #describeAhead(statements: readonly string[], { signal }: QuerySqlOptions): Promise<void> {
    const looking = { failures: new Map<string, TableError>(), signal }
    for (const statement of statements) await describeNamed(statement, this.#given, looking)
  }

  async #run(sql: string, options: QuerySqlOptions): Promise<ShareResult> {
    const { shares, provider } = this.#given
    shares.begin()
    try {
      const planned = await this.#plan(sql, options)
      const { plan, open } = planned
      const meter = this.#meterFor(open)
      const ready = open.map((each, i) => {
        const scan = plan.scans[i]!
        return { ...each, scan, reader: readerFor(each, scan.provider, meter) }
      })
      const others = plan.scans.map(scan => scan.provider.closing)
      const signal = AbortSignal.any([...(options.signal ? [options.signal] : []), ...others])
      const { nextName } = provider
      const own = { ...options, signal }
      const source = await runStatement({ plan, ready, shares, nextName, meter, options: own })
      const explanation = this.#explanation(planned, () => meter.bytes)
      return shareResult({ source: this.#kept(source), explanation })
    } catch (error) {
      await shares.end()
      throw error
    }
  }

  /** A result that is closed with the share, if not before, and once. */
  #kept(source: RowSource): RowSource {
    let closing: Promise<void> | undefined
    const kept: RowSource = {
      columns: source.columns,
      chunks: () => source.chunks(),
      into: () => source.into(),
      close: () => {
        closing ??= source
          .close()
          .finally(() => this.#given.shares.end())
          .finally(() => this.#results.delete(kept))
        return closing
      },
    }
    this.#results.add(kept)
    return kept
  }

  async #plan(sql: string, options: QuerySqlOptions): Promise<OpenedPlan> {
    const { signal } = options
    for (let attempt = 1; ; attempt++) {
      const plan = await planStatement(sql, this.#given, options)
      const open = await mapConcurrently(plan.scans, SCANS_AT_ONCE, scan =>
        this.#open(scan, options),
      )
      const moved = plan.scans.filter((scan, i) => isChanged(open[i]!, scan.header))
      if (moved.length === 0) return { plan, open }
      if (attempt >= MAX_PLANS) throw unsettled(moved[0]!)
      for (const { known, provider } of moved) {
        const changed = open[plan.scans.findIndex(scan => scan.known === known)]!
        if ('table' in known) await provider.catalog.replace(known, changed.header, signal)
        else await this.#given.shares.functions.forgetCall(known)
      }
    }
  }

  /** A limit is a hint like any other: where too few files come for it, they are asked for again without. */
  async #open(scan: TableScan, options: QuerySqlOptions): Promise<OpenScan> {
    const { client } = scan.provider
    const { limitHint, ...request } = requestOf(scan, options)
    if (limitHint === undefined) return openScan(client, request)
    const limited = await openScan(client, { ...request, limitHint })
    return isCertainlyEnough(limited, limitHint) ? limited : openScan(client, request)
  }

  #meterFor(open: readonly OpenScan[]): ProgressMeter {
    const files = open.flatMap(scan => scan.files)
    return new ProgressMeter({
      table: open.map(({ target }) => targetText(target)).join(', '),
      files: files.length,
      bytes: files.reduce((sum, { file }) => sum + file.size, 0),
      report: this.#given.provider.options.onProgress,
    })
  }

  #explanation({ plan, open }: OpenedPlan, fetchedBytes: () => number): ShareExplanation {
    return {
      transport: this.#given.provider.access.transport,
      scans: plan.scans.map((scan, i) => explanationOf(scan, open[i]!, fetchedBytes)),
    }
  }

  #joined(options: QuerySqlOptions): QuerySqlOptions {
    const { closing, options: attached } = this.#given.provider
    if (closing.aborted) {
      throw new TableError('INVALID_REQUEST', 'the share was closed: attach it again')
    }
    const signals = [options.signal, attached.signal, closing].flatMap(each => each ?? [])
    return { ...options, signal: AbortSignal.any(signals) }
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
  { stub, columns, filter, hints, limitHint }: TableScan,
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
      ...sentHints(hints),
      ...(limitHint !== undefined && { limitHint }),
    },
    unhinted: hints.unhinted,
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
  const { target, predicate, hints, limitHint, top } = scan
  return {
    target,
    predicate,
    ...sentHints(hints),
    ...(limitHint !== undefined && { limitHint }),
    ...(top && { top }),
    ...(signal && { signal }),
  }
}

function sentHints({ jsonPredicateHints, predicateHints }: Hints) {
  return {
    ...(jsonPredicateHints !== undefined && { jsonPredicateHints }),
    ...(predicateHints !== undefined && { predicateHints }),
  }
}

function unsettled({ target }: TableScan): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `the columns of ${targetText(target)} change faster than a query can be planned`,
    { retryable: true },
  )
}
