import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import {
  type DataFile,
  type DeleteFile,
  type ObjectStore,
  type RowResolver,
  type Snapshot,
  TableError,
  type ValueBounds,
  type WritableStore,
} from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import { writeComplete } from './complete-file.js'
import { type DuckDb, duckDb } from './connection.js'
import { type DeleteContext, requireParquet } from './deleted-positions.js'
import { vectorBytes } from './deletion-vector.js'
import { liveParts } from './live-rows.js'
import { localFiles } from './local-files.js'
import { stagedName } from './staged-name.js'

export interface RowResolverOptions {
  readonly store: ObjectStore
  readonly duckdb?: DuckDb
  readonly staging: {
    readonly store: WritableStore
    /** Folder for rewritten files; nothing else is ever written. */
    readonly location: string
  }
  readonly maxCopiedBytes?: number
  /** Where files are put together before they are stored; the default is the system's temporary folder. */
  readonly folder?: string
}

/** Makes files exact for recipients that cannot: deletes as one vector, or the live rows as a Parquet file. */
export function rowResolver(options: RowResolverOptions): RowResolver {
  const duckdb = options.duckdb ?? duckDb()
  const writing = new Map<string, Promise<DataFile>>()
  const { store, location } = options.staging
  return {
    toDeletionVector: (snapshot, file, signal) =>
      resolving({ ...options, duckdb }, { snapshot, ...(signal && { signal }) }, context =>
        oneVector(file, context),
      ),
    async toCompleteFile(snapshot, file, signal) {
      const path = `${location.replace(/\/+$/, '')}/${stagedName(snapshot, file)}`
      // Recipients who ask at once wait for one rewrite. It is nobody's alone, so no signal ends it.
      let rewrite = writing.get(path)
      if (rewrite === undefined) {
        rewrite = resolving({ ...options, duckdb }, { snapshot }, context =>
          complete(file, path, store, context),
        )
        writing.set(path, rewrite)
        rewrite.finally(() => writing.delete(path)).catch(() => undefined)
      }
      return untilAborted(rewrite, signal)
    },
  }
}

/** Runs `work` with a connection and a temporary folder of its own. */
async function resolving<Result>(
  options: RowResolverOptions & { readonly duckdb: DuckDb },
  given: { readonly snapshot: Snapshot; readonly signal?: AbortSignal },
  work: (context: DeleteContext) => Promise<Result>,
): Promise<Result> {
  const { store, duckdb, maxCopiedBytes, folder } = options
  const local = localFiles(store, {
    ...(maxCopiedBytes !== undefined && { maxBytes: maxCopiedBytes }),
    ...(folder !== undefined && { folder }),
  })
  const connection = await duckdb.connect()
  try {
    return await work({ ...given, store, local, connection })
  } finally {
    connection.close()
    await local.close()
  }
}

function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new TableError('CANCELLED', 'the request was cancelled'))
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel))
  })
}

/** Vectors, position deletes and equality deletes as the positions they remove together. */
async function oneVector(file: DataFile, context: DeleteContext): Promise<DeleteFile> {
  requireParquet(file)
  if (file.logFiles.length > 0) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'log files change rows: no deletion vector says that',
      {
        context: { path: file.path },
      },
    )
  }
  const positions: bigint[] = []
  for await (const part of liveParts([file], context, { naming: 'position' })) {
    const rows = await context.connection.all(
      `SELECT t.file_row_number ${part.deleted} ORDER BY 1`,
      context.signal,
    )
    for (const [position] of rows) positions.push(BigInt(position as bigint))
  }
  const bitmap = vectorBytes(positions)
  const id = createHash('sha256').update(file.path).update(bitmap).digest('hex').slice(0, 32)
  return { kind: 'deletion-vector', id, bitmap, cardinality: positions.length }
}

/** The staged file, written now unless an earlier query or another replica already has. */
async function complete(
  file: DataFile,
  path: string,
  staging: WritableStore,
  context: DeleteContext,
): Promise<DataFile> {
  const known = await staging.head(path)
  if (known !== undefined) {
    const { rowCount } = await readParquetFooter(staging, known)
    return stagedFile(file, {
      path,
      size: known.size,
      modified: known.lastModified,
      rows: rowCount,
    })
  }
  const scratch = await context.local.scratch('parquet')
  const rows = await writeComplete(file, scratch, context)
  const { size } = await stat(scratch)
  await staging.put(path, createReadStream(scratch), { ifAbsent: true })
  const meta = await staging.head(path)
  return stagedFile(file, {
    path,
    size: meta?.size ?? size,
    modified: meta?.lastModified ?? 0,
    rows,
  })
}

function stagedFile(
  file: DataFile,
  staged: {
    readonly path: string
    readonly size: number
    readonly modified: number
    readonly rows: number
  },
): DataFile {
  const { delta, firstRowId: _, ...rest } = file
  const bounds = new Map<number, ValueBounds>()
  // Bounds still hold for fewer rows; counts of nulls do not.
  for (const [id, { lower, upper }] of file.bounds) {
    bounds.set(id, { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) })
  }
  return {
    ...rest,
    path: staged.path,
    recordedPath: staged.path,
    fileFormat: 'parquet',
    size: staged.size,
    modificationTime: staged.modified,
    recordCount: staged.rows,
    deletes: [],
    logFiles: [],
    bounds,
    ...(delta && { delta: { partitionValues: delta.partitionValues } }),
  }
}
