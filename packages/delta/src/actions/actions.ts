import { ByteBuffer } from '../json/byte-buffer.js'
import type { VectorDescriptor } from './deletion-vector.js'

/** Where a text lies. */
export interface TextAt {
  bytes: Uint8Array
  start: number
  end: number
}

/**
 * One add, remove or cdc action. Reused for the next one: a table of a million files is read through one of these, so
 * whoever keeps something copies it.
 */
export class FileAction {
  kind: 'add' | 'remove' | 'cdc' = 'add'
  /** The path as the log spells it, in bytes that may hold more: no view is made for each of a million files. */
  readonly pathAt: TextAt = { bytes: EMPTY, start: 0, end: 0 }
  size = Number.NaN
  modificationTime = 0
  dataChange = true
  /** Undefined where absent or empty. */
  stats: Uint8Array | undefined
  readonly partitionNames: string[] = []
  readonly partitionValues: (string | null)[] = []
  partitionCount = 0
  /** False where a remove says nothing about its partition. */
  hasPartitionValues = false
  vector: VectorDescriptor | undefined
  /** The JSON object as written. */
  tags: string | undefined
  baseRowId: bigint | undefined
  defaultRowCommitVersion: bigint | undefined
  readonly pathBuffer = new ByteBuffer()
  readonly statsBuffer = new ByteBuffer()

  get path(): Uint8Array {
    return this.pathAt.bytes.subarray(this.pathAt.start, this.pathAt.end)
  }

  set path(path: Uint8Array) {
    this.pathAt.bytes = path
    this.pathAt.start = 0
    this.pathAt.end = path.length
  }

  reset(kind: 'add' | 'remove' | 'cdc'): void {
    this.kind = kind
    this.path = EMPTY
    this.size = Number.NaN
    this.modificationTime = 0
    this.dataChange = true
    this.stats = undefined
    this.partitionCount = 0
    this.hasPartitionValues = false
    this.vector = undefined
    this.tags = undefined
    this.baseRowId = undefined
    this.defaultRowCommitVersion = undefined
  }
}

const EMPTY = new Uint8Array(0)

/** A sidecar action: a file of a V2 checkpoint that holds adds and removes. */
export interface Sidecar {
  /** The path as recorded: URI-encoded, usually a name under `_sidecars/`. */
  readonly path: string
  readonly sizeInBytes: number
  readonly modificationTime: number
}

/** The times that a commitInfo action tells. */
export interface CommitInfo {
  readonly timestamp?: number | undefined
  readonly inCommitTimestamp?: number
}

/** What a log file says, an action at a time, in the file's order. */
export interface ActionSink {
  /** `action` is only valid during the call. */
  file?(action: FileAction): void
  /** Documents as recorded. */
  protocol?(json: string): void
  metadata?(json: string): void
  commitInfo?(info: CommitInfo): void
  sidecar?(sidecar: Sidecar): void
}
