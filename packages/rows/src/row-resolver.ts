import {
  type DataFile,
  type DeletionVector,
  type FieldPath,
  fencedStore,
  type ObjectStore,
  type RowResolver,
  type Snapshot,
  type SplitSlice,
  type ValueRange,
} from '@spillway/core'
import { cutNanos, readParquetFooter } from '@spillway/encoding'
import { localFiles } from './data-files/local-files.js'
import { type DeleteContext, namedPaths } from './merge-on-read/deleted-positions.js'
import { matchDeletePaths } from './merge-on-read/match-paths.js'
import { writeComplete } from './rewrite/complete-file.js'
import { oneVector } from './rewrite/one-vector.js'
import { type SharedWork, sharedWork } from './rewrite/shared-work.js'
import { splitByValue } from './rewrite/split-by-value.js'
import { splitInMemory, splitInStaging } from './rewrite/split-slice.js'
import { type Staging, stage, stagedFile, stagedPath } from './rewrite/staged-file.js'
import { stagedName } from './rewrite/staged-name.js'
import { valueRanges } from './rewrite/value-ranges.js'
import { toVectorFile } from './rewrite/vector-file.js'
import { type DuckDb, duckDb } from './session/duckdb.js'

export interface RowResolverOptions {
  readonly store: ObjectStore
  readonly duckdb?: DuckDb
  /** Where files may be written; without it, only what vectors say is made exact. */
  readonly staging?: Staging
  /** Resolved vectors kept in memory for later queries; the default is 64 MiB. */
  readonly keptVectorBytes?: number
  readonly maxCopiedBytes?: number
  /** Where files are put together before they are stored; the default is the system's temporary folder. */
  readonly folder?: string | undefined
}

const KEPT_VECTOR_BYTES = 64 * 1024 ** 2
/** A key and the members of a result, roughly. */
const ENTRY_BYTES = 512

/**
 * Makes files exact for recipients that cannot: deletes as one vector, slices with logs as a vector and a small file,
 * or all live rows as a Parquet file.
 */
export function rowResolver(
  options: RowResolverOptions & { readonly staging: Staging },
): Required<RowResolver>
export function rowResolver(
  options: RowResolverOptions,
): RowResolver & Required<Pick<RowResolver, 'valueRanges' | 'cutNanos'>>
export function rowResolver(
  options: RowResolverOptions,
): RowResolver & Required<Pick<RowResolver, 'valueRanges' | 'cutNanos'>> {
  const { staging, keptVectorBytes: maxBytes = KEPT_VECTOR_BYTES } = options
  const using = { ...options, duckdb: options.duckdb ?? duckDb() }
  const { vectors, ranges, nanos, paths, parts, slices, complete } = keptWork(staging, maxBytes)
  return {
    toDeletionVector: async (snapshot, file, signal) =>
      vectors.get(
        await stagedName(snapshot, file),
        () => resolving(using, snapshot, context => oneVector(file, context)),
        signal,
      ),
    async checkPaths(snapshot, position, files, signal) {
      const named = await paths.get(
        `${position.size} ${position.path}`,
        () => resolving(using, snapshot, context => namedPaths(position, context)),
        signal,
      )
      await matchDeletePaths(position, named, { files, signal })
    },
    splitByValue: async (snapshot, file, fields, signal) =>
      parts.get(
        `${await stagedName(snapshot, file)} ${fields.map(({ id }) => id).join(' ')}`,
        () => resolving(using, snapshot, context => splitByValue(file, fields, context)),
        signal,
      ),
    valueRanges: async (snapshot, file, columns, signal) =>
      ranges.get(
        await rangesName(snapshot, file, columns),
        () => resolving(using, snapshot, context => valueRanges(file, columns, context)),
        signal,
      ),
    cutNanos: keptNanos(nanos, options),
    splitSlice: async (snapshot, file, signal) =>
      slices.get(
        await stagedName(snapshot, file, 'changed'),
        () =>
          resolving(using, snapshot, context =>
            staging === undefined
              ? splitInMemory(file, context)
              : splitInStaging(file, staging, context),
          ),
        signal,
      ),
    ...(staging && {
      toCompleteFile: async (snapshot, file, signal) =>
        complete.get(
          await stagedName(snapshot, file),
          () => resolving(using, snapshot, context => completeFile(file, staging, context)),
          signal,
        ),
      toVectorFile: (vector, signal) => toVectorFile(vector, staging, signal),
    }),
  }
}

/** What was made already, or is being made, by what it depends on. */
function keptWork(staging: Staging | undefined, maxBytes: number) {
  return {
    vectors: sharedWork<DeletionVector>({ maxBytes, bytesOf: vectorBytesOf }),
    ranges: sharedWork<readonly ValueRange[]>({
      maxBytes,
      bytesOf: found => ENTRY_BYTES * (1 + found.length),
    }),
    nanos: sharedWork<ReadonlyMap<number, bigint>>({
      maxBytes,
      bytesOf: ({ size }) => ENTRY_BYTES * (1 + size),
    }),
    paths: sharedWork<readonly string[]>({ maxBytes, bytesOf: pathsBytesOf }),
    parts: sharedWork<readonly DataFile[]>({ maxBytes, bytesOf: partsBytesOf }),
    // What lies in staging may be removed there: it is looked for each time.
    slices: sharedWork<SplitSlice | undefined>(
      staging === undefined
        ? { maxBytes, bytesOf: slice => vectorBytesOf(slice?.base?.vector) }
        : undefined,
    ),
    complete: sharedWork<DataFile>(),
  }
}

/** What a file holds is the same under every version of the table, as far as its columns are found alike. */
async function rangesName(
  snapshot: Snapshot,
  file: DataFile,
  columns: readonly FieldPath[],
): Promise<string> {
  const paths = columns.map(path => path.map(({ id }) => id).join('.'))
  return `${await fileName(snapshot, file)} ${paths.join(' ')}`
}

/** Read without DuckDB, which gives no digits of zoned moments beyond microseconds. */
function keptNanos(
  kept: SharedWork<ReadonlyMap<number, bigint>>,
  options: RowResolverOptions,
): Required<RowResolver>['cutNanos'] {
  return async (snapshot, file, elements, signal) =>
    kept.get(
      `${await fileName(snapshot, file)} ${elements.join(' ')}`,
      () => cutNanos(storeOf(snapshot, options), file, { elements }),
      signal,
    )
}

/** What names the file itself, without what was deleted from it or came to it. */
function fileName(snapshot: Snapshot, file: DataFile): Promise<string> {
  return stagedName(snapshot, { ...file, deletes: [], logFiles: [] })
}

function storeOf({ source, folder }: Snapshot, { store }: RowResolverOptions): ObjectStore {
  return fencedStore(store, source, folder)
}

function vectorBytesOf(vector: DeletionVector | undefined): number {
  return ENTRY_BYTES + (vector?.bitmap instanceof Uint8Array ? vector.bitmap.length : 0)
}

function pathsBytesOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + 2 * path.length, ENTRY_BYTES)
}

function partsBytesOf(parts: readonly DataFile[]): number {
  const vectors = parts.flatMap(({ deletes }) => deletes as readonly DeletionVector[])
  return ENTRY_BYTES + vectors.reduce((sum, vector) => sum + vectorBytesOf(vector), 0)
}

/** Runs `work` with a connection and a temporary folder of its own. */
async function resolving<Result>(
  options: RowResolverOptions & { readonly duckdb: DuckDb },
  snapshot: Snapshot,
  work: (context: DeleteContext) => Promise<Result>,
): Promise<Result> {
  const { duckdb, maxCopiedBytes, folder } = options
  const store = storeOf(snapshot, options)
  const local = localFiles(store, {
    maxBytes: maxCopiedBytes,
    folder,
  })
  const connection = await duckdb.connect()
  try {
    return await work({ snapshot, store, local, connection })
  } finally {
    connection.close()
    await local.close()
  }
}

/** The staged file, written now unless an earlier query or another replica already has. */
async function completeFile(
  file: DataFile,
  staging: Staging,
  context: DeleteContext,
): Promise<DataFile> {
  const path = stagedPath(staging, await stagedName(context.snapshot, file))
  const known = await staging.store.head(path)
  if (known === undefined) {
    return stagedFile(
      file,
      await stage(staging, path, context, to => writeComplete(file, to, context)),
    )
  }
  const { rowCount: rows } = await readParquetFooter(staging.store, known)
  return stagedFile(file, { path, size: known.size, modified: known.lastModified, rows })
}
