import { type Snapshot, type SnapshotRef, TableError, type TableSource } from '@spillway/core'
import type { Engine } from '@spillway/engine'
import { type Composition, compose, machineS3 } from '../tables/compose.js'
import { isSharedName, openReceived } from '../tables/received-table.js'
import { refOf, sourceOf } from '../tables/table-source.js'
import { integerOf } from '../terminal/integer-of.js'
import { withProgress } from '../terminal/progress.js'
import type { Terminal } from '../terminal/terminal.js'
import { optionText, PROVIDERS_OPTIONS, type TableOptions } from './table-options.js'

export interface OpenTable {
  readonly snapshot: Snapshot
  readonly spillway: Composition
  readonly engine: Engine
}

/** What a provider is asked about a shared table; for tables read directly the commands use it themselves. */
interface Hints {
  readonly where?: string | undefined
  readonly jsonPredicate?: string
}

export interface TableRequest {
  readonly options: TableOptions & Hints
  readonly terminal: Terminal
}

/** Opens the table, hands it to `work` and closes what was opened. */
export async function withTable<Result>(
  location: string,
  request: TableRequest,
  work: (table: OpenTable) => Promise<Result>,
): Promise<Result> {
  return withProgress(request.terminal, `reading ${location}`, async () => {
    const found = isSharedName(location)
      ? await openReceivedTable(location, request)
      : directTable(location, request)
    const { source, at, spillway } = found
    try {
      const engine = spillway.engine()
      const snapshot = await engine.snapshot(source, at, request.terminal.signal)
      return await work({ snapshot, spillway, engine })
    } finally {
      await spillway.close()
    }
  })
}

interface Found {
  readonly source: TableSource
  readonly at: SnapshotRef
  readonly spillway: Composition
}

function directTable(location: string, { options, terminal }: TableRequest): Found {
  const s3 = machineS3(terminal.environment)
  const source = sourceOf(
    {
      location,
      format: options.format,
      metadataFile: options.metadataFile,
      rebase: options.rebase?.map(rebaseOf),
      auxiliaryLocations: options.auxiliaryLocation,
      view: options.readOptimized ? 'read-optimized' : undefined,
    },
    terminal.folder,
  )
  const at = refOf({
    version: integerOf('--version', options.version),
    snapshotId: integerOf('--snapshot-id', options.snapshotId),
    ref: options.ref,
    timestamp: options.timestamp,
  })
  return { source, at, spillway: compose(s3 === undefined ? {} : { s3 }) }
}

/** The provider chooses the version and prunes; what it sends is the whole table as far as we can tell. */
async function openReceivedTable(
  name: string,
  { options, terminal }: TableRequest,
): Promise<Found> {
  for (const key of PROVIDERS_OPTIONS) {
    if (options[key] === undefined) continue
    const message = `${optionText(key)} is the provider's to choose for a shared table`
    throw new TableError('INVALID_REQUEST', message)
  }
  const version = integerOf('--version', options.version)
  const { location, store } = await openReceived(name, {
    folder: terminal.folder,
    signal: terminal.signal,
    version,
    timestamp: options.timestamp,
    ...(options.where !== undefined && { predicateHints: [options.where] }),
    jsonPredicateHints: options.jsonPredicate,
  })
  return {
    source: { location, format: 'delta' },
    at: { kind: 'latest' },
    spillway: compose({ stores: [{ scheme: 'shared', store }] }),
  }
}

function rebaseOf(text: string): { readonly from: string; readonly to: string } {
  const at = separatorOf(text)
  if (at > 0) return { from: text.slice(0, at), to: text.slice(at + 1) }
  throw new TableError('INVALID_REQUEST', `--rebase expects FROM=TO, found ${text}`)
}

/** Partition folders have an `=` too: what stands before an absolute place, or before nothing, separates; else the first. */
function separatorOf(text: string): number {
  const before = [...text.matchAll(/=(?=$|\/|[A-Za-z][A-Za-z0-9+.-]*:\/)/g)].at(-1)
  return before?.index ?? text.indexOf('=')
}
