import {
  type BatchCache,
  createSchema,
  type Field,
  type FieldPath,
  fencedStore,
  inSlices,
  MANY_COLUMNS,
  nextTurn,
  type ObjectStore,
  type Schema,
  type Snapshot,
  type SnapshotRef,
  type Steps,
  TableError,
  type TablePart,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import type { LearningShapes } from '@spillway/encoding'
import { fileBatches } from './file-batches.js'
import { type FactsRead, type FileFacts, identityOf, readFacts } from './file-facts.js'
import { FooterReader, footerSizes } from './footers.js'
import { type HivePartitions, hivePartitions } from './hive-partitions.js'
import { eachInSteps, everyInSteps, FILES_IN_A_STEP } from './in-steps.js'
import { type FileColumns, mergeSchemas } from './merge-schema.js'
import { alike } from './require-readable.js'
import { type ListedFile, listDataFiles, refuseTables, tableLocation } from './table-location.js'

export interface ParquetTableOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** Learns the shapes of files whose footers are read here, so that nobody reads them again for those. */
  readonly shapes?: Pick<LearningShapes, 'learn'> | undefined
}

const LATEST: SnapshotRef = { kind: 'latest' }

/** Folders and files that mark a table of a format of its own. */
const MARKERS = ['_delta_log/', '.hoodie/hoodie.properties', 'metadata/version-hint.text']

/** A directory, or a glob, of Parquet files as a table: hive partitions, one schema by name, footer statistics. */
export function parquetTableReader({ cache, shapes, ...given }: ParquetTableOptions): TableReader {
  const storeFor = (source: TableSource) =>
    fencedStore(given.store, source, tableLocation(source).folder)
  const sizes = footerSizes()
  const facts = new WeakMap<Snapshot, ReadonlyMap<string, FileFacts>>()
  return {
    format: 'parquet',
    async detect(source, signal) {
      return holdsParquet(storeFor(source), source, signal)
    },
    async resolve(source, ref, signal) {
      return requireCurrent(identityOfTable(await listTable(storeFor(source), source, signal)), ref)
    },
    async snapshot(source, { at = LATEST, previous, signal } = {}) {
      const store = storeFor(source)
      const reader = new FooterReader(store, sizes)
      const files = await listTable(store, source, signal)
      if (files.length > FILES_IN_A_STEP) await nextTurn()
      requireCurrent(identityOfTable(files), at)
      const isSameTable = JSON.stringify(previous?.source) === JSON.stringify(source)
      const known = (isSameTable && previous && facts.get(previous)) || new Map<string, FileFacts>()
      if (previous !== undefined && (await inSlices(isUnchanged(files, known)))) return previous
      const read = await readFacts(reader, files, {
        known,
        shapes,
        signal,
      })
      const snapshot = await parquetSnapshot({ source, files, cache, reader }, read)
      facts.set(snapshot, await inSlices(byPath(files, read.facts)))
      return snapshot
    },
  }
}

async function holdsParquet(
  store: ObjectStore,
  source: TableSource,
  signal?: AbortSignal,
): Promise<boolean> {
  const location = tableLocation(source)
  for (const marker of location.pattern === undefined ? MARKERS : []) {
    for await (const _ of store.list(
      location.folder + marker,
      signal === undefined ? {} : { signal },
    )) {
      return false
    }
  }
  for await (const _ of listDataFiles(store, location, { signal })) return true
  return false
}

async function listTable(
  store: ObjectStore,
  source: TableSource,
  signal?: AbortSignal,
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = []
  const inner = new Set<string>()
  const location = tableLocation(source)
  for await (const file of listDataFiles(store, location, { signal, inner })) files.push(file)
  refuseTables(files, inner, location)
  if (files.length > 0) return files
  throw new TableError('NOT_FOUND', `no Parquet file at ${source.location}`, {
    context: { path: source.location },
  })
}

/** A directory has no history: its version is when its newest file was written. */
function identityOfTable(files: readonly ListedFile[]): { version: bigint; timestamp: number } {
  return versionOf(files.reduce((latest, file) => Math.max(latest, file.lastModified), 0))
}

function versionOf(timestamp: number): { version: bigint; timestamp: number } {
  return { version: BigInt(Math.trunc(timestamp)), timestamp }
}

interface Totals {
  bytes: number
  latest: number
  hasIndexes: boolean
}

function* totalsOf(files: readonly ListedFile[], facts: readonly FileFacts[]): Steps<Totals> {
  const totals: Totals = { bytes: 0, latest: 0, hasIndexes: false }
  yield* eachInSteps(files, ({ size, lastModified }, i) => {
    totals.bytes += size
    totals.latest = Math.max(totals.latest, lastModified)
    if (facts[i]!.hasIndexes) totals.hasIndexes = true
  })
  return totals
}

function requireCurrent(
  current: { readonly version: bigint; readonly timestamp: number },
  ref: SnapshotRef,
): { readonly version: bigint; readonly timestamp: number } {
  const isCurrent =
    ref.kind === 'latest' ||
    (ref.kind === 'version' && ref.version === current.version) ||
    (ref.kind === 'timestamp' &&
      (ref.direction === 'before'
        ? ref.timestamp >= current.timestamp
        : ref.timestamp <= current.timestamp))
  if (isCurrent) return current
  throw new TableError(
    'INVALID_REQUEST',
    'a directory of Parquet files has only its current version',
    { context: { version: current.version } },
  )
}

function* isUnchanged(
  files: readonly ListedFile[],
  known: ReadonlyMap<string, FileFacts>,
): Steps<boolean> {
  if (files.length !== known.size) return false
  return yield* everyInSteps(files, file => known.get(file.path)?.identity === identityOf(file))
}

function* byPath(
  files: readonly ListedFile[],
  facts: readonly FileFacts[],
): Steps<ReadonlyMap<string, FileFacts>> {
  const found = new Map<string, FileFacts>()
  yield* eachInSteps(files, ({ path }, i) => found.set(path, facts[i]!))
  return found
}

interface Folder {
  readonly source: TableSource
  readonly files: readonly ListedFile[]
  readonly cache: BatchCache
  readonly reader: FooterReader
}

async function parquetSnapshot(folder: Folder, read: FactsRead): Promise<Snapshot> {
  const { source, files } = folder
  const partitions = await hivePartitions(files)
  if (files.length > FILES_IN_A_STEP) await nextTurn()
  const distinct = await inSlices(distinctSchemas(files, read.facts, partitions))
  const merged = await inSlices(mergeSchemas(distinct))
  refuseCase(merged.fields, partitions, files[0]!.path)
  // Each look at very many columns is milliseconds.
  const turn = async () => {
    if (merged.fields.length >= MANY_COLUMNS) await nextTurn()
  }
  await turn()
  const schema = withPartitions(merged.fields, partitions)
  await turn()
  const partitionFields = partitions.columns.map(({ name }) => schema.find([name])!)
  const totals = await inSlices(totalsOf(files, read.facts))
  const features = new Set(merged.widened ? ['typeWidening'] : [])
  const declared = await inSlices(unspelt(partitions, partitionFields))
  return {
    source,
    format: 'parquet',
    columnMatching: { by: 'name' },
    deletes: 'none',
    changeFeed: 'none',
    // A folder's name counts, whatever the file says.
    partitionValues: 'metadata',
    modificationTimes: 'file',
    folder: tableLocation(source).folder,
    holdsPandasIndexes: totals.hasIndexes,
    tableId: source.location,
    ...versionOf(totals.latest),
    schema,
    partitionSpecs: new Map([[0, { id: 0, fields: specFields(partitionFields) }]]),
    properties: new Map(),
    features,
    shapesFrom: 'footers',
    ...declared,
    ...(declared.unspeltPartitions !== undefined && {
      declaredOf: async (part: TablePart) => ({
        features,
        ...(await inSlices(unspelt(partitions, partitionFields, part))),
      }),
    }),
    native: { format: 'parquet' },
    totals: { files: files.length, bytes: totals.bytes },
    files: await fileBatches({ ...folder, ...read, values: partitions.values, partitionFields }),
  }
}

/** Most files of a table have one schema: each is merged once. What a file holds of a partition column is no matter. */
function* distinctSchemas(
  files: readonly ListedFile[],
  facts: readonly FileFacts[],
  partitions: HivePartitions,
): Steps<readonly FileColumns[]> {
  const seen = new Map<readonly Field[], FileColumns>()
  yield* eachInSteps(facts, ({ fields, own }, i) => {
    if (seen.has(fields)) return
    const merged = own === undefined ? fields : foldersWin(fields, partitions)
    seen.set(fields, { path: files[i]!.path, fields: merged })
  })
  return [...seen.values()]
}

function foldersWin(fields: readonly Field[], { columns }: HivePartitions): readonly Field[] {
  return fields.map(field => {
    const partition = columns.find(({ name }) => name === field.name)
    return partition === undefined ? field : { ...field, type: partition.type, nullable: true }
  })
}

/** A folder and a file may not name what most engines take for one column in two ways. */
function refuseCase(fields: readonly Field[], { columns }: HivePartitions, path: string): void {
  for (const { name } of columns) {
    const other = fields.find(
      field => field.name !== name && field.name.toLowerCase() === name.toLowerCase(),
    )
    if (other !== undefined) throw alike(other.name, name, { path })
  }
}

/** Partition columns come last, or stay where the files have them; their type is the folder's. */
function withPartitions(fields: readonly Field[], partitions: HivePartitions): Schema {
  const fresh = partitions.columns
    .filter(({ name }) => !fields.some(field => field.name === name))
    .map(({ name, type }, i) => {
      const id = 1_000_000 + i
      return { id, name, physicalName: name, type, nullable: true }
    })
  return createSchema([...foldersWin(fields, partitions), ...fresh])
}

/** The empty text of a folder's name is a value like any other, which the wire has no spelling for. */
function* unspelt(
  { values }: HivePartitions,
  partitionFields: readonly FieldPath[],
  part?: TablePart,
): Steps<Pick<Snapshot, 'unspeltPartitions'>> {
  const found = new Set<number>()
  for (const [i, [{ id }]] of partitionFields.entries()) {
    const isSpelt = yield* everyInSteps(
      values,
      partition => partition[i] !== '' || part?.holds({ specId: 0, partition }) === false,
    )
    if (!isSpelt) found.add(id)
  }
  return found.size === 0 ? {} : { unspeltPartitions: found }
}

function specFields(partitionFields: readonly FieldPath[]) {
  return partitionFields.map(([field], i) => ({
    id: 1000 + i,
    sourceIds: [field.id],
    name: field.name,
    transform: { kind: 'identity' } as const,
  }))
}
