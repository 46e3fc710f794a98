import {
  type BatchCache,
  createSchema,
  type Field,
  type FieldPath,
  leafOf,
  type ObjectStore,
  type Snapshot,
  type SnapshotRef,
  statsLeaves,
  TableError,
  type TableMetadata,
  type TableSource,
} from '@spillway/core'
import { MANY_COLUMNS, nextTurn } from '@spillway/encoding'
import { pathRootOf } from './delete-path.js'
import { everListed } from './ever-listed.js'
import { tableFeatures, withEarlierTypes } from './features.js'
import type { InflatedBlocks } from './inflated-blocks.js'
import { loadManifestList, type ManifestFile, type ManifestList } from './manifest-list.js'
import type { IcebergMetadata } from './metadata.js'
import { metadataResolver, type PathResolver, pathResolver } from './paths.js'
import { withPhysicalNames } from './physical-names.js'
import { fieldsById } from './schema.js'
import { type SnapshotFiles, snapshotFiles } from './snapshot-files.js'
import type { IcebergSnapshot } from './snapshot-history.js'
import { specLayout } from './spec-layout.js'
import { checkComplete, statedTotals } from './summary.js'
import { chooseSnapshot, versionOf } from './time-travel.js'

export interface OpenOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  readonly blocks: InflatedBlocks
  readonly source: TableSource
  readonly metadata: IcebergMetadata
  readonly at: SnapshotRef
  readonly signal?: AbortSignal
}

/** A snapshot whose file list can be compared with another's. */
export interface OpenedSnapshot extends Snapshot {
  readonly files: SnapshotFiles
}

/** Reads the manifest list of a snapshot of one table, and no manifest. */
export async function openSnapshot(options: OpenOptions): Promise<OpenedSnapshot> {
  const { source, metadata } = options
  const { snapshot, schemaId } = chooseSnapshot(metadata, options.at)
  const fields = metadata.schemas.get(schemaId)!
  const resolve = pathResolver(source, metadata.location)
  const resolveMetadata = metadataResolver(source, resolve)
  const list = await listManifests(snapshot, { ...options, resolve: resolveMetadata })
  if (snapshot !== undefined) checkComplete(snapshot, list, metadata.path)
  const { manifests } = list
  const totals = snapshot === undefined ? { files: 0, bytes: 0 } : statedTotals(snapshot, manifests)
  const described = describe(metadata, snapshot)
  const pause = fields.length > MANY_COLUMNS ? nextTurn : () => undefined
  await pause()
  const typed = withEarlierTypes(fields, metadata.schemas)
  await pause()
  const named = withPhysicalNames(typed, metadata)
  await pause()
  const schema = createSchema(named)
  await pause()
  const features = tableFeatures(metadata, fields, manifests)
  const layouts = layoutsOf(metadata, fields)
  await pause()
  const leaves = leavesOf(metadata)
  await pause()
  // Java's order of UUIDs is not everybody's: their bounds are for nobody else.
  const bounded = [...statsLeaves(fields)].filter(path => leafOf(path).type !== 'uuid')
  await pause()
  return {
    ...described,
    source,
    schema,
    // Manifests give ids to columns, and say nothing of their names in a file or of the ids that it holds.
    shapesFrom: 'footers',
    features,
    files: await snapshotFiles({
      ...options,
      manifests,
      layouts,
      leaves,
      tableLocation: metadata.location,
      pathRoot: pathRootOf(metadata.location, source),
      resolve,
      resolveMetadata,
      everListed: (root, signal) =>
        everListed(root, metadata, { ...options, resolve: resolveMetadata, signal }),
      context: {
        leaves: bounded,
        modificationTime: described.timestamp,
        deleteFiles: new WeakMap(),
      },
    }),
    ...(totals === undefined ? {} : { totals }),
  }
}

/** What follows from the metadata file alone. */
function describe(
  metadata: IcebergMetadata,
  snapshot: IcebergSnapshot | undefined,
): Omit<TableMetadata, 'schema' | 'features' | 'shapesFrom'> {
  const name = metadata.properties.get('name')
  const description = metadata.properties.get('comment')
  return {
    format: 'iceberg',
    tableId: metadata.tableId,
    version: versionOf(metadata, snapshot),
    timestamp: snapshot?.timestamp ?? metadata.lastUpdated,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    partitionSpecs: metadata.specs,
    properties: metadata.properties,
    native: {
      format: 'iceberg',
      metadataFile: metadata.path,
      metadata: metadata.document,
      snapshotId: snapshot?.id ?? null,
      sequenceNumber: snapshot?.sequenceNumber ?? 0n,
    },
  }
}

function layoutsOf(metadata: IcebergMetadata, fields: readonly Field[]) {
  const current = fieldsById(fields)
  const known = new Map(allSchemas(metadata).flatMap(schema => [...fieldsById(schema)]))
  return new Map(
    [...metadata.specs].map(([id, spec]) => [id, specLayout(spec, { current, known })]),
  )
}

/** The table's own schema last: of a field known to several, its newest type counts. */
function allSchemas({ schemas, currentSchemaId }: IcebergMetadata): readonly (readonly Field[])[] {
  return [...schemas.values(), schemas.get(currentSchemaId)!]
}

/** Equality deletes may compare columns that have been dropped since. */
function leavesOf(metadata: IcebergMetadata): ReadonlyMap<number, FieldPath> {
  const paths = allSchemas(metadata).flatMap(schema => [...statsLeaves(schema)])
  return new Map(paths.map(path => [leafOf(path).id, path]))
}

/** The manifests of a snapshot, from its manifest list or, in version 1, from the metadata itself. */
async function listManifests(
  snapshot: IcebergSnapshot | undefined,
  options: OpenOptions & { readonly resolve: PathResolver },
): Promise<ManifestList> {
  if (snapshot === undefined) return { manifests: [], mayBeCut: false }
  if (snapshot.keyId !== undefined) throw encrypted(`snapshot ${snapshot.id}`)
  if (snapshot.manifestList === undefined) {
    const { manifests } = snapshot
    if (manifests !== undefined) return { manifests: manifests.map(embedded), mayBeCut: false }
    throw new TableError('TABLE_CORRUPT', `snapshot ${snapshot.id} lists no manifests`, {
      context: { path: options.metadata.path },
    })
  }
  const path = options.resolve(snapshot.manifestList)
  const list = await loadManifestList(options.store, path, options.signal)
  const secret = list.manifests.find(manifest => manifest.encrypted)
  if (secret !== undefined) throw encrypted(`the manifest ${secret.path}`)
  return list
}

/** Only version 1 embeds manifests, and it has neither sequence numbers nor deletes. */
function embedded(path: string): ManifestFile {
  return { path, content: 'data', sequenceNumber: 0, minSequenceNumber: 0, encrypted: false }
}

function encrypted(what: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `Iceberg table encryption: ${what} is encrypted, and only its owner's key service can open it`,
  )
}
