import { TableError, type TableFormat } from '@spillway/core'
import { filesInside, OutsideFinder } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { duckDb } from '@spillway/rows'
import { parseUri } from '@spillway/storage'
import type { ServeConfig } from '../serve/config.js'
import { omitUndefined } from '../serve/omit-undefined.js'
import { storageOf } from '../serve/storage-options.js'
import { compose } from '../tables/compose.js'
import { tableFacts } from '../tables/table-facts.js'
import { locatedSource } from '../tables/table-source.js'

export interface Readable {
  readonly format: TableFormat
  readonly version: string
  readonly files: number
}

/** Reads a table as the server of this configuration would: its metadata, and a byte of one of its files. */
export async function readableTable(
  config: ServeConfig,
  fullName: string,
  signal: AbortSignal,
): Promise<Readable> {
  const table = tableNamed(config, fullName)
  refuseUnreached(table.location, config)
  const spillway = compose({
    roots: config.localRoots,
    ...storageOf(config.storage),
    limits: omitUndefined(config.limits),
    duckdb: duckDb(omitUndefined(config.duckdb)),
  })
  try {
    const source = locatedSource(table)
    const snapshot = await spillway.engine().snapshot(source, { kind: 'latest' }, signal)
    const planned = await filesInside(planScan(snapshot, { signal }), {
      outside: new OutsideFinder(),
      signal,
    })
    const some = planned.find(({ selection }) => selection.length > 0)
    const [file] =
      some === undefined ? [] : await some.files.files(some.selection.subarray(0, 1), signal)
    if (file !== undefined) {
      const range = { start: 0, end: 1 }
      const found = await spillway.store.get(file.path, { range, signal })
      if (found === undefined) {
        const message = 'the table names a file that is not there'
        throw new TableError('NOT_FOUND', message, { context: { path: file.path } })
      }
    }
    const { files } = await tableFacts(snapshot, signal)
    return { format: snapshot.format, version: String(snapshot.version), files }
  } finally {
    await spillway.close()
  }
}

/** The server knows no store but those of its configuration, whatever this shell's environment says. */
function refuseUnreached(location: string, { storage: { s3, buckets } }: ServeConfig): void {
  const { scheme, authority } = parseUri(location)
  if (scheme !== 's3' || s3 !== undefined || buckets.some(({ bucket }) => bucket === authority))
    return
  throw new TableError(
    'INVALID_REQUEST',
    'the configuration does not say how S3 is reached: write `storage: { s3: { region: eu-central-1 } }` into it, or `s3: {}` for region and credentials of the machine',
    { context: { location } },
  )
}

function tableNamed({ shares: { shares = [] } }: ServeConfig, fullName: string) {
  const tables = shares.flatMap(share =>
    (share.schemas ?? []).flatMap(schema =>
      (schema.tables ?? []).map(table => ({
        ...table,
        fullName: `${share.name}.${schema.name}.${table.name}`,
      })),
    ),
  )
  const found = tables.find(each => each.fullName.toLowerCase() === fullName.toLowerCase())
  if (found === undefined)
    throw new TableError('INTERNAL', `${fullName} was added and is not there`)
  return found
}
