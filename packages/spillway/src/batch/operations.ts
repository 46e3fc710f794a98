import {
  and,
  type JsonObject,
  type JsonValue,
  type Predicate,
  type Snapshot,
  type SnapshotRef,
  type TableSource,
  writeJson,
} from '@spillway/core'
import { parseJsonPredicate, parseSqlPredicate } from '@spillway/protocol'
import { rowJson, type TableRows } from '@spillway/rows'
import { inspectTable } from '../tables/inspect-table.js'
import { planTable, type Unapplied } from '../tables/plan-table.js'
import { refOf, sourceOf } from '../tables/table-source.js'
import type { BatchRequest } from './request.js'

export interface BatchContext {
  snapshot(source: TableSource, at: SnapshotRef, signal?: AbortSignal): Promise<Snapshot>
  readonly rows: TableRows
  /** What relative locations are relative to. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

/** The body of a successful answer. */
export async function answerRequest(
  request: BatchRequest,
  context: BatchContext,
): Promise<JsonObject> {
  const { signal } = context
  const { predicate, unapplied } = predicateOf(request)
  const snapshot = await context.snapshot(sourceOf(request, context.folder), refOf(request), signal)
  const limit = request.limit === undefined ? {} : { limit: Number(request.limit) }
  const where = predicate === undefined ? {} : { where: predicate }
  switch (request.op) {
    case 'inspect':
      return inspectTable(snapshot, signal)
    case 'plan':
      return planTable(snapshot, {
        unapplied,
        ...limit,
        predicate,
        signal,
      })
    case 'count':
      return { rows: (await context.rows.count(snapshot, predicate, signal)).toString() }
    case 'rows': {
      const columns = request.columns === undefined ? {} : { columns: request.columns }
      return readRows(context.rows, snapshot, {
        ...where,
        ...limit,
        ...columns,
        signal,
      })
    }
  }
}

async function readRows(
  tableRows: TableRows,
  snapshot: Snapshot,
  query: Parameters<TableRows['rows']>[1],
): Promise<JsonObject> {
  const { fields, rows } = tableRows.rows(snapshot, query)
  const found: JsonValue[] = []
  for await (const block of rows) for (const row of block) found.push(rowJson(row, fields))
  return { columns: fields.map(({ name }) => name), rows: found }
}

/** Both ways of stating a predicate; given together, both must hold. */
export function predicateOf({
  where,
  jsonPredicate,
}: Pick<BatchRequest, 'where' | 'jsonPredicate'>): {
  readonly predicate?: Predicate | undefined
  readonly unapplied: readonly Unapplied[]
} {
  const parsed = [
    ...(where === undefined ? [] : [parseSqlPredicate(where)]),
    ...(jsonPredicate === undefined ? [] : [parseJsonPredicate(jsonPredicateText(jsonPredicate))]),
  ]
  if (parsed.length === 0) return { unapplied: [] }
  return {
    predicate: and(...parsed.map(({ predicate }) => predicate)),
    unapplied: parsed.flatMap(({ unapplied }) => unapplied),
  }
}

function jsonPredicateText(value: unknown): string {
  return typeof value === 'string' ? value : writeJson(value as JsonValue)
}
