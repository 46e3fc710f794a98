import {
  inSlices,
  type SharedTable,
  type Snapshot,
  type SnapshotRef,
  TableError,
} from '@spillway/core'
import {
  type Capabilities,
  capabilitiesHeader,
  encodeHeaderInSteps,
  type FileIdScheme,
  type LineOptions,
  type Negotiated,
  negotiate,
  parseCapabilities,
  passesAsRecorded,
  SQL_HINTS_HEADER,
  SQL_HINTS_VERSION,
  shownValue,
} from '@spillway/protocol'
import { accessOf } from '../access/access-modes.js'
import { notFound } from '../access/not-found.js'
import { nameOf } from '../access/table-name.js'
import type { RequestContext } from './request-context.js'

/** A granted table and what the client said it can read. */
export interface TableRequest {
  readonly table: SharedTable
  readonly capabilities: Capabilities
  /** Undefined: follows the format of the answer. */
  readonly idScheme: FileIdScheme | undefined
}

const MAX_HEADER_CHARACTERS = 8192

export async function findTable(context: RequestContext): Promise<SharedTable> {
  const { share, schema, table } = context.params
  const names = { share: share!, schema: schema!, table: table! }
  const found = await context.catalog.table(context.recipient, names, context.signal)
  if (found === undefined) throw notFound('table', context.params)
  context.record.share = found.share
  context.record.schema = found.schema
  context.record.table = found.name
  return found
}

export async function tableRequest(context: RequestContext): Promise<TableRequest> {
  const header = context.request.headers.get('delta-sharing-capabilities')
  if (header !== null && header.length > MAX_HEADER_CHARACTERS) {
    throw new TableError('INVALID_REQUEST', 'the delta-sharing-capabilities header is too long')
  }
  const capabilities = parseCapabilities(header, context.request.headers.get('user-agent'))
  const idScheme = fileIdHash(context.request.headers.get('fileidhash'))
  return { table: await findTable(context), capabilities, idScheme }
}

function fileIdHash(header: string | null): FileIdScheme | undefined {
  const value = header?.trim().toLowerCase()
  if (value === undefined || value === 'parquet' || value === 'delta') return value
  throw new TableError(
    'INVALID_REQUEST',
    `fileidhash must be parquet or delta, not ${shownValue(value)}`,
  )
}

/** Refuses other versions than the latest where the provider does not share history. */
export function requireHistory(table: SharedTable, what: string): void {
  if (table.historyShared) return
  throw new TableError(
    'INVALID_REQUEST',
    `${what} is not supported on table ${nameOf(table)}: its history is not shared; ask your provider`,
  )
}

/** Versions before the provider's start are as good as absent. */
export function requireStarted(table: SharedTable, version: bigint, what = 'table data'): void {
  if (table.startVersion === undefined || version >= table.startVersion) return
  throw new TableError(
    'INVALID_REQUEST',
    `You can only query ${what} since version ${table.startVersion}.`,
    { context: { version } },
  )
}

/**
 * The snapshot that `ref` means. A client is told what it did wrong: a version that is not there is its mistake, so
 * whatever the reader calls it becomes a 400 here.
 */
export async function loadSnapshot(
  context: RequestContext,
  table: SharedTable,
  ref: SnapshotRef,
): Promise<Snapshot> {
  if (ref.kind === 'timestamp') await refuseFuture(context, table, ref.timestamp)
  const snapshot = await sharedSnapshot(context, table, ref)
  // The latest too: before its start there is nothing of it.
  requireStarted(table, snapshot.version)
  context.record.version = snapshot.version
  return snapshot
}

/** The snapshot that `ref` means, of what is shared of the table. */
export async function sharedSnapshot(
  { engine, signal }: Pick<RequestContext, 'engine' | 'signal'>,
  { source, grant }: SharedTable,
  ref: SnapshotRef,
): Promise<Snapshot> {
  const snapshot = await engine.snapshot(source, ref, signal)
  return grant === undefined ? snapshot : engine.partOf(snapshot, grant, signal)
}

async function refuseFuture(
  { engine, signal }: RequestContext,
  table: SharedTable,
  timestamp: number,
): Promise<void> {
  const latest = await engine.resolve(table.source, { kind: 'latest' }, signal)
  if (timestamp <= latest.timestamp) return
  throw new TableError(
    'INVALID_REQUEST',
    `the timestamp ${new Date(timestamp).toISOString()} is after the latest version ${latest.version}, committed at ${new Date(latest.timestamp).toISOString()}`,
    { context: { version: latest.version } },
  )
}

/** Everything about an answer that is negotiated before its first line. */
export interface Answer {
  readonly negotiated: Negotiated
  readonly idScheme: FileIdScheme
  readonly header: string
  readonly lines: LineOptions
  readonly headers: Readonly<Record<string, string>>
}

export async function negotiateAnswer(
  context: RequestContext,
  request: TableRequest,
  snapshot: Snapshot,
  options: {
    readonly at?: LineOptions['at'] | undefined
    /** The head's protocol line names its version, where the client asked for those of later commits as well. */
    readonly protocolVersion?: bigint | undefined
  } = {},
): Promise<Answer> {
  const { capabilities } = request
  const negotiated = negotiate(capabilities, snapshot, {
    canRewrite: context.engine.canRewrite,
    redactDropped: snapshot.source.redactDropped,
  })
  const idScheme = request.idScheme ?? negotiated.format
  context.record.format = negotiated.format
  return {
    negotiated,
    idScheme,
    header: await inSlices(
      encodeHeaderInSteps(snapshot, negotiated, {
        version: snapshot.version,
        // How much lies in the partitions that are not shared is nobody's business.
        ...(snapshot.totals && !request.table.grant && { totals: snapshot.totals }),
        access: { ...accessOf(request.table, context.vendors) },
        protocolVersion: options.protocolVersion,
      }),
    ),
    lines: {
      metadata: snapshot,
      idScheme,
      partitionFields: negotiated.partitionFields(snapshot),
      asRecorded: passesAsRecorded(snapshot, negotiated),
      at: options.at,
    },
    headers: answerHeaders(request, negotiated, snapshot.version),
  }
}

export function answerHeaders(
  { capabilities, idScheme }: TableRequest,
  negotiated: Negotiated,
  version: bigint,
): Readonly<Record<string, string>> {
  const { includeEndStreamAction } = capabilities
  return {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'delta-table-version': String(version),
    'delta-sharing-capabilities': capabilitiesHeader(negotiated.format, { includeEndStreamAction }),
    [SQL_HINTS_HEADER]: SQL_HINTS_VERSION,
    ...(idScheme !== undefined && { fileidhash: idScheme }),
  }
}
