import {
  type BatchSpill,
  type DataFile,
  type FileShapes,
  type Predicate,
  type ReadBudgets,
  type Snapshot,
  type TableReader,
  type UrlSigner,
  type WritableStore,
  withBudgets,
} from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { fileShapes } from '@spillway/encoding'
import {
  createBatchCache,
  createEngine,
  type Engine,
  type EngineOptions,
  filesInside,
  OutsideFinder,
} from '@spillway/engine'
import { hudiReader } from '@spillway/hudi'
import { icebergReader } from '@spillway/iceberg'
import { parquetTableReader } from '@spillway/parquet'
import { planScan } from '@spillway/planner'
import { type DuckDb, duckDb, type TableRows, tableRows } from '@spillway/rows'
import { localStore, routeStores, type StoreRoute } from '@spillway/storage'
import type { S3Options } from '@spillway/storage/s3'
import { lazyStore } from './lazy-store.js'
import { refusingStore } from './refusing-store.js'

export interface ComposeOptions {
  /** Folders outside which no local file is read. Absent: the whole disk. */
  readonly roots?: readonly string[]
  /** How buckets without an entry of their own are reached; absent, they are not. */
  readonly s3?: S3Options
  /** Buckets with an endpoint or credentials of their own. */
  readonly buckets?: readonly (S3Options & { readonly bucket: string })[]
  /** More stores, before those above. */
  readonly stores?: readonly StoreRoute[]
  /** Bytes of decoded logs and manifests that are held; a gigabyte unless given. */
  readonly cacheBytes?: number
  /** Where they outlive the process, if anywhere: `spillFolder` of `@spillway/storage`. */
  readonly spill?: BatchSpill | undefined
  /** What reading a table may cost, where the defaults are too little or too much. */
  readonly limits?: Partial<ReadBudgets>
  readonly duckdb?: DuckDb
}

/** Every format and cloud, wired. */
export interface Composition {
  readonly store: WritableStore
  readonly readers: readonly TableReader[]
  readonly signers: readonly UrlSigner[]
  readonly duckdb: DuckDb
  readonly rows: TableRows
  /** What files hold by their footers, shared by all engines made here. */
  readonly shapes: FileShapes
  engine(options?: Partial<EngineOptions>): Engine
  close(): Promise<void>
}

/**
 * Every format and store wired, to read tables, plan, sign and share them by: caches and connections are those of one, so make one
 * for a process. Nothing is opened before it is needed; `close` ends what was.
 */
export function compose(options: ComposeOptions = {}): Composition {
  // All that is read for a table is read through this store: whoever reads finds its limits there.
  const store = withBudgets(routeStores(routes(options)), options.limits ?? {})
  const duckdb = options.duckdb ?? duckDb()
  const { cacheBytes: maxBytes = 1024 ** 3, spill } = options
  const cache = createBatchCache({ maxBytes, spill })
  const shapes = fileShapes({ store })
  const readers = [
    deltaReader({ store, cache }),
    icebergReader({ store, cache }),
    hudiReader({ store, cache }),
    // Last: it takes any folder of Parquet files that no other format claims.
    parquetTableReader({ store, cache, shapes }),
  ]
  const signers = s3Signers(options)
  const outside = new OutsideFinder()
  return {
    store,
    readers,
    signers,
    duckdb,
    shapes,
    rows: tableRows({ store, duckdb, files: plannedFiles(outside) }),
    engine: more => createEngine({ readers, signers, store, fileShapes: shapes, ...more }),
    close: () => duckdb.close(),
  }
}

function routes({ roots, s3, buckets = [], stores = [] }: ComposeOptions): readonly StoreRoute[] {
  const s3Of = (options: S3Options) =>
    lazyStore(async () => (await import('@spillway/storage/s3')).s3Store(options))
  const own: readonly StoreRoute[] = [
    { scheme: 'file', store: localStore(roots === undefined ? {} : { roots }) },
    { scheme: 's3', store: s3 === undefined ? refusingStore(NO_S3) : s3Of(s3) },
    { scheme: 'gs', store: refusingStore(NOT_YET) },
    { scheme: 'abfss', store: refusingStore(NOT_YET) },
    ...buckets.map(({ bucket, ...rest }) => ({ scheme: 's3', bucket, store: s3Of(rest) })),
  ]
  const taken = new Set(stores.map(({ scheme, bucket }) => `${scheme}://${bucket ?? ''}`))
  return [
    ...stores,
    ...own.filter(({ scheme, bucket }) => !taken.has(`${scheme}://${bucket ?? ''}`)),
  ]
}

const NO_S3 = 'set AWS_REGION or AWS_PROFILE, or `storage.s3` in the configuration'
const NOT_YET = 'S3 and local files are what this version reads'

/** The machine's own AWS settings, where it has any; its credentials are looked up when they are needed. */
export function machineS3(
  environment: Readonly<Record<string, string | undefined>>,
): S3Options | undefined {
  const set = [
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_PROFILE',
    'AWS_CONFIG_FILE',
    'AWS_ENDPOINT_URL',
  ]
  return set.some(name => environment[name] !== undefined) ? {} : undefined
}

/** Signs with what is configured; a machine's default credentials sign only for buckets that are named. */
function s3Signers({ s3, buckets = [] }: ComposeOptions): readonly UrlSigner[] {
  const named = buckets.map(({ bucket, ...rest }) => lazySigner({ ...rest, buckets: [bucket] }))
  return s3 === undefined ? named : [...named, lazySigner(s3)]
}

function lazySigner(options: S3Options & { readonly buckets?: readonly string[] }): UrlSigner {
  let loading: Promise<UrlSigner> | undefined
  return {
    covers: path =>
      /^s3[an]?:\/\//i.test(path) &&
      (options.buckets?.some(bucket => path.split('/')[2] === bucket) ?? true),
    async sign(paths, signing) {
      loading ??= import('@spillway/storage/s3').then(({ s3Signer }) => s3Signer(options))
      return (await loading).sign(paths, signing)
    },
  }
}

/** Live files that may hold a match: rows are read from no others, and from none if one lies outside the table. */
function plannedFiles(outside: OutsideFinder) {
  return async function* (
    snapshot: Snapshot,
    where: Predicate | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly DataFile[]> {
    const plan = planScan(snapshot, {
      predicate: where,
      signal,
      zonelessLiterals: 'utc',
    })
    const inside = await filesInside(plan, { outside, signal })
    for (const { files, selection } of inside) {
      for (let start = 0; start < selection.length; start += 1000) {
        yield await files.files(selection.subarray(start, start + 1000), signal)
      }
    }
  }
}
