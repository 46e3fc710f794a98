import {
  type BatchCache,
  createSchema,
  type Field,
  type FieldPath,
  type FormatFacts,
  inSlices,
  leafOf,
  NAME_MAPPING,
  type ObjectStore,
  type Snapshot,
  type SnapshotRef,
  type Steps,
  statsLeaves,
  TableError,
  type TableMetadata,
  type TablePart,
  type TableSource,
} from '@spillway/core'
import { pathRootOf } from '../deletes/delete-path.js'
import { everListed } from '../deletes/ever-listed.js'
import type { HeldParts } from '../deletes/held-parts.js'
import type { InflatedBlocks } from '../manifest/inflated-blocks.js'
import {
  isNotEmpty,
  loadManifestList,
  type ManifestFile,
  type ManifestList,
} from '../manifest/manifest-list.js'
import type { IcebergMetadata } from '../metadata/metadata.js'
import type { IcebergSnapshot } from '../metadata/snapshot-history.js'
import { chooseSnapshot, versionOf } from '../metadata/time-travel.js'
import { type SpecLayout, specLayout } from '../partition/spec-layout.js'
import { metadataResolver, type PathResolver, pathResolver } from '../paths/paths.js'
import { tableFeaturesInSteps, withEarlierTypesInSteps } from '../schema/features.js'
import { type NameHistory, withPhysicalNamesInSteps } from '../schema/physical-names.js'
import { everyField, FIELDS_IN_A_STEP, fieldsById } from '../schema/schema.js'
import { type SnapshotFiles, snapshotFiles } from './snapshot-files.js'
import { checkComplete, statedTotals } from './summary.js'

export interface OpenOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  readonly blocks: InflatedBlocks
  readonly parts: HeldParts
  readonly source: TableSource
  readonly metadata: IcebergMetadata
  readonly at: SnapshotRef
  readonly signal?: AbortSignal | undefined
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
  const seen = await inSlices(asSeen(metadata, fields, manifests))
  const { schema, features, layouts, leaves, bounded } = seen
  const files = await snapshotFiles({
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
  })
  return {
    ...described,
    source,
    schema,
    // Manifests give ids to columns, and say nothing of their names in a file or of the ids that it holds.
    shapesFrom: 'footers',
    features,
    files,
    ...(features.has('deletionVectors') && {
      declaredOf: async (part: TablePart, signal?: AbortSignal) => ({
        features: (await files.hasDeletesIn(part, signal)) ? features : withoutDeletes(features),
      }),
    }),
    totals,
  }
}

function withoutDeletes(features: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...features].filter(feature => feature !== 'deletionVectors'))
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
    ...formatFacts(metadata),
    tableId: metadata.tableId,
    version: versionOf(metadata, snapshot),
    timestamp: snapshot?.timestamp ?? metadata.lastUpdated,
    name,
    description,
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

/** How the format keeps data (spec, "Column Projection" and "Scan Planning"). */
function formatFacts({ properties }: IcebergMetadata): FormatFacts {
  const mapping = properties.get(NAME_MAPPING)
  return {
    // Without a name mapping the reference implementation goes by position.
    columnMatching:
      mapping === undefined
        ? { by: 'id', withoutIds: 'position' }
        : { by: 'id', withoutIds: 'mapping', mapping },
    deletes: 'delete-files',
    changeFeed: 'compared',
    // Only imported files may lack a partition column, and importing writes a name mapping.
    partitionValues: mapping === undefined ? 'files' : 'files-or-metadata',
    // No manifest says when a file was written.
    modificationTimes: 'snapshot',
    mayRepeatFiles: true,
  }
}

type SeenMetadata = NameHistory & Pick<IcebergMetadata, 'currentSchemaId' | 'specs'>

/** What a snapshot with these columns makes of the table: of tens of thousands, and of as many schemas, in steps. */
export function* asSeen(
  metadata: SeenMetadata,
  fields: readonly Field[],
  manifests: readonly ManifestFile[],
) {
  const typed = yield* withEarlierTypesInSteps(fields, metadata.schemas)
  const schema = createSchema(yield* withPhysicalNamesInSteps(typed, metadata))
  const features = yield* tableFeaturesInSteps(metadata, fields, manifests.filter(isNotEmpty))
  const layouts = yield* layoutsOf(metadata, fields)
  const leaves = yield* leavesOf(allSchemas(metadata))
  const bounded: FieldPath[] = []
  for (const path of (yield* leavesOf([fields])).values()) {
    // Java's order of UUIDs is not everybody's: their bounds are for nobody else.
    if (leafOf(path).type !== 'uuid') bounded.push(path)
  }
  return { schema, features, layouts, leaves, bounded }
}

function* layoutsOf(
  metadata: SeenMetadata,
  fields: readonly Field[],
): Steps<ReadonlyMap<number, SpecLayout>> {
  const current = yield* fieldsById(fields)
  const known = new Map<number, Field>()
  let looks = 0
  for (const schema of allSchemas(metadata)) {
    for (const [field] of everyField(schema, undefined, () => undefined)) {
      known.set(field.id, field)
      if (++looks % FIELDS_IN_A_STEP === 0) yield
    }
    if (++looks % FIELDS_IN_A_STEP === 0) yield
  }
  const layouts = new Map<number, SpecLayout>()
  for (const [id, spec] of metadata.specs) {
    layouts.set(id, specLayout(spec, { current, known }))
    looks += LOOKS_AT_A_SPEC + spec.fields.length
    if (looks < FIELDS_IN_A_STEP) continue
    looks = 0
    yield
  }
  return layouts
}

/** Looks that a partition spec takes whatever it has. */
const LOOKS_AT_A_SPEC = 16

/** The table's own schema last: of a field known to several, its newest type counts. One at a time: there may be many. */
function* allSchemas({
  schemas,
  currentSchemaId,
}: SeenMetadata): Generator<readonly Field[], void, undefined> {
  yield* schemas.values()
  yield schemas.get(currentSchemaId)!
}

/** Leaves by id, of each id the last. Equality deletes may compare columns that have been dropped since. */
function* leavesOf(schemas: Iterable<readonly Field[]>): Steps<ReadonlyMap<number, FieldPath>> {
  const leaves = new Map<number, FieldPath>()
  let looks = 0
  for (const schema of schemas) {
    for (const path of statsLeaves(schema)) {
      leaves.set(leafOf(path).id, path)
      if (++looks % FIELDS_IN_A_STEP === 0) yield
    }
    if (++looks % FIELDS_IN_A_STEP === 0) yield
  }
  return leaves
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
