import {
  type BatchCache,
  fencedStore,
  type ObjectStore,
  type Snapshot,
  type SnapshotRef,
  TableError,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import { icebergChanges } from './changes/changes.js'
import { HeldParts } from './deletes/held-parts.js'
import { InflatedBlocks } from './manifest/inflated-blocks.js'
import { type CatalogPointer, locateMetadata } from './metadata/locate.js'
import type { IcebergMetadata } from './metadata/metadata.js'
import { RecentMetadata } from './metadata/recent-metadata.js'
import { chooseSnapshot, versionOf } from './metadata/time-travel.js'
import { openSnapshot } from './snapshot/open-snapshot.js'

export interface IcebergReaderOptions {
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** Asked before the metadata folder is looked at. */
  readonly catalogPointer?: CatalogPointer
}

/** Uncompressed manifest blocks kept for the moment between loading a manifest and reading what survives in it. */
const BLOCK_BYTES = 64 << 20

/** Reads Iceberg tables, format versions 1 to 3. */
export function icebergReader(given: IcebergReaderOptions): TableReader {
  const blocks = new InflatedBlocks(BLOCK_BYTES)
  const parts = new HeldParts()
  const recent = new RecentMetadata()
  /** For one table: whose store reaches nothing else. */
  const optionsFor = (source: TableSource, signal?: AbortSignal) => ({
    ...given,
    store: fencedStore(given.store, source),
    signal,
  })
  const read = async (source: TableSource, signal?: AbortSignal) => {
    const options = optionsFor(source, signal)
    const path = await locateMetadata(source, options)
    if (path !== undefined) return recent.load(options.store, path, signal)
    throw new TableError('NOT_FOUND', `no Iceberg metadata was found at ${source.location}`, {
      context: { location: source.location },
    })
  }
  return {
    format: 'iceberg',
    async detect(source, signal) {
      // Whoever names a metadata file means an Iceberg table: without the file it is an error, never a bare folder.
      if (source.metadataFile !== undefined) return true
      const options = optionsFor(source, signal)
      const path = await locateMetadata(source, options)
      return path !== undefined && (await options.store.head(path, signal)) !== undefined
    },
    async resolve(source, ref, signal) {
      const metadata = await read(source, signal)
      const { snapshot } = chooseSnapshot(metadata, ref)
      return {
        version: versionOf(metadata, snapshot),
        timestamp: snapshot?.timestamp ?? metadata.lastUpdated,
      }
    },
    async snapshot(source, { at: asked, previous, signal } = {}) {
      const at: SnapshotRef = asked ?? { kind: 'latest' }
      const metadata = await read(source, signal)
      if (previous !== undefined && isSame(previous, metadata, source, at)) return previous
      return openSnapshot({ ...optionsFor(source, signal), blocks, parts, source, metadata, at })
    },
    async *changes(source, range, signal) {
      const metadata = await read(source, signal)
      const open = (id: bigint) => {
        const at: SnapshotRef = { kind: 'snapshotId', id }
        return openSnapshot({ ...optionsFor(source, signal), blocks, parts, source, metadata, at })
      }
      yield* icebergChanges({ metadata, open, signal }, range)
    },
  }
}

/** A metadata file never changes, but a table dropped and created again may reuse its name. */
function isSame(
  previous: Snapshot,
  metadata: IcebergMetadata,
  source: TableSource,
  at: SnapshotRef,
): boolean {
  const { native } = previous
  return (
    at.kind === 'latest' &&
    native.format === 'iceberg' &&
    native.metadataFile === metadata.path &&
    isSameDocument(native.metadata, metadata.document) &&
    native.snapshotId === (metadata.currentSnapshotId ?? null) &&
    JSON.stringify(previous.source) === JSON.stringify(source)
  )
}

function isSameDocument(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || Buffer.compare(a, b) === 0
}
