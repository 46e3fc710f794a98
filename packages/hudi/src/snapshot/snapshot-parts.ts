import type { BatchCache, ObjectStore, Schema, Snapshot, TableSource } from '@spillway/core'
import type { BootstrapIndex } from '../bootstrap/bootstrap-index.js'
import type { ListingProof } from '../file-groups/checked-listing.js'
import type { Visibility } from '../file-groups/file-slices.js'
import type { Listing } from '../file-groups/listing.js'
import type { MetadataTable } from '../metadata-table/metadata-table.js'
import type { SchemaHistory } from '../schema/schema-history.js'
import type { TypeChanges } from '../schema/type-changes.js'
import type { Generations } from '../timeline/generations.js'
import type { Instant } from '../timeline/instant.js'
import type { TableState } from '../timeline/table-state.js'

/** Everything a snapshot is made of. */
export interface SnapshotParts {
  readonly source: TableSource
  readonly state: TableState
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** The last visible write; undefined in a table without any. */
  readonly write: Instant | undefined
  readonly isLatest: boolean
  readonly timeZone: string
  readonly schema: Schema
  /** Columns that hold nothing but null. */
  readonly nulls: ReadonlySet<string>
  readonly history: SchemaHistory | undefined
  readonly changed: TypeChanges
  readonly visibility: Visibility
  /** `visibility` with the archive read: asked for where it may make a difference. */
  readonly exactVisibility: () => Promise<Visibility>
  readonly generations: Generations
  readonly listing: Listing
  readonly metadataTable: MetadataTable | undefined
  /** Where rows of skeletons are. */
  readonly bootstrap: BootstrapIndex
  /** What must be listed. */
  readonly proof: ListingProof
  readonly mergedLogs?: Snapshot['mergedLogs']
  readonly inspectLogs?: Snapshot['inspectLogs']
}
