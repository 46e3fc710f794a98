import {
  type FileBatchHandle,
  type FileList,
  type ObjectMeta,
  type Snapshot,
  type StatsTable,
  TableError,
  type TableSource,
} from '@spillway/core'
import type { CheckpointHandle } from '../checkpoint/checkpoint-handle.js'
import { holdsText, summarise } from '../checkpoint/summaries.js'
import { isReadable, liveFiles } from '../files/live-files.js'
import type { CommitRun } from '../log/commit-replay.js'
import { dataFeatures, type Protocol } from '../schema/features.js'
import type { DeltaMetadata } from '../schema/metadata.js'
import { formatFacts } from './format-facts.js'

/** One version of a table as this package knows it. What `Snapshot` is made from, and the next version's start. */
export interface TableState {
  readonly source: TableSource
  readonly version: bigint
  readonly timestamp: number
  readonly protocol: Protocol
  readonly protocolJson: string
  readonly metadata: DeltaMetadata
  readonly metadataJson: string
  readonly checkpointVersion: bigint | undefined
  /** A newer checkpoint that could not be read. */
  readonly passedOver: bigint | undefined
  readonly handles: readonly CheckpointHandle[]
  readonly runs: readonly CommitRun[]
  /** The commit file of this version, to be recognised by later. */
  readonly lastCommit: ObjectMeta | undefined
  /** Files that commits after the checkpoint named: how much of it may be dead. */
  readonly namedSinceCheckpoint: number
  readonly totals: { readonly files: number; readonly bytes: number } | undefined
}

/** A version as core knows it. */
export function snapshotOf(state: TableState): Snapshot {
  const { metadata, source } = state
  const features = featuresOf(state)
  return {
    format: 'delta',
    ...formatFacts(metadata, state.protocolJson, features),
    source,
    tableId: metadata.id,
    version: state.version,
    timestamp: state.timestamp,
    name: metadata.name,
    description: metadata.description,
    schema: metadata.schema,
    partitionSpecs: new Map([[metadata.partitionSpec.id, metadata.partitionSpec]]),
    properties: metadata.configuration,
    features,
    native: { format: 'delta' },
    files: new DeltaFileList(state),
    totals: state.totals,
  }
}

class DeltaFileList implements FileList {
  readonly handles: readonly FileBatchHandle[]
  readonly #state: TableState
  #summaries: StatsTable | undefined

  constructor(state: TableState) {
    this.#state = state
    const { source, metadata } = state
    const runs = state.runs.map(({ batch, live }) => ({
      fileCount: live.length,
      load: async () => liveFiles(batch, live, { source, metadata }),
    }))
    this.handles = [...state.handles, ...runs]
  }

  /** Only the first batch is read before the first byte is sent. */
  get mayRefuse(): boolean {
    const { handles, runs, metadata } = this.#state
    if (this.handles.length < 2 || metadata.partitionFields.every(holdsText)) return false
    return !(
      handles.every(handle => handle.isReadable) &&
      runs.every(({ batch, live }) => isReadable(batch, live, metadata))
    )
  }

  get summaries(): StatsTable {
    const { handles, runs, metadata } = this.#state
    this.#summaries ??= summarise(
      handles.map(handle => handle.part),
      runs.length,
      metadata,
    )
    return this.#summaries
  }
}

/** What reading these files takes. Vectors may be there although the property that allows new ones is off. */
function featuresOf(state: TableState): ReadonlySet<string> {
  const { metadata, protocol } = state
  const features = dataFeatures(protocol)
  if (metadata.columnMappingMode !== 'none') features.add('columnMapping')
  const enabled =
    metadata.configuration.get('delta.enableDeletionVectors')?.toLowerCase() === 'true'
  const allowed = protocol.readerFeatures.includes('deletionVectors')
  if ((enabled && allowed) || hasVectors(state)) features.add('deletionVectors')
  return features
}

function hasVectors({ handles, runs }: TableState): boolean {
  return (
    handles.some(handle => handle.part.mayHaveVectors) ||
    runs.some(({ batch, live }) => {
      const { vectors } = batch
      return vectors !== undefined && live.some(row => vectors.has(row))
    })
  )
}

/** Sums of a table that is in memory as a whole; otherwise only a checksum file may tell. */
export function totalsOf(
  handles: readonly CheckpointHandle[],
  runs: readonly CommitRun[],
): TableState['totals'] {
  if (handles.length > 0) return undefined
  let files = 0
  let bytes = 0
  for (const { batch, live } of runs) {
    files += live.length
    for (let i = 0; i < live.length; i++) bytes += batch.size[live[i]!]!
  }
  return { files, bytes }
}

/** Protocol and metaData of a version: one of each must be known. PROTOCOL.md, "Action Reconciliation". */
export function requireDocuments(
  documents: {
    readonly protocolJson?: string | undefined
    readonly metadataJson?: string | undefined
  },
  version: bigint,
  folder: string,
): { readonly protocolJson: string; readonly metadataJson: string } {
  const { protocolJson, metadataJson } = documents
  if (protocolJson !== undefined && metadataJson !== undefined)
    return { protocolJson, metadataJson }
  const missing = protocolJson === undefined ? 'protocol' : 'metaData'
  throw new TableError('TABLE_CORRUPT', `version ${version} has no ${missing} action`, {
    context: { path: folder, version },
  })
}
