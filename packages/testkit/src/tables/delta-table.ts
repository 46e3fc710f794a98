import type { WritableStore } from '@spillway/core'

/** A field of Spark's schema JSON. */
interface DeltaField {
  readonly name: string
  readonly type: unknown
  readonly nullable?: boolean
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

export interface DeltaTableOptions {
  readonly fields: readonly DeltaField[]
  readonly partitionColumns?: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly id?: string
  /** Reader features; the reader version follows from whether there are any. */
  readonly readerFeatures?: readonly string[]
  /** Epoch milliseconds; 1 by default, as old as files are. */
  readonly createdTime?: unknown
}

/** A vector as a descriptor spells it. */
interface DeltaVector {
  readonly storageType: string
  readonly pathOrInlineDv: string
  readonly offset?: number | undefined
  readonly sizeInBytes: number
  readonly cardinality: number
}

export interface DeltaFileOptions {
  readonly size?: number
  readonly modificationTime?: number
  readonly dataChange?: boolean
  readonly partitionValues?: Readonly<Record<string, string | null>>
  /** A text is taken as it is. */
  readonly stats?: Readonly<Record<string, unknown>> | string | undefined
  readonly deletionVector?: DeltaVector
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly baseRowId?: number | undefined
}

export type DeltaAction = Readonly<Record<string, unknown>>

/** Writes the log of one Delta table, a commit at a time. Data files are only named. */
export interface DeltaTable {
  readonly location: string
  /** The version of the last commit; -1 before the first. */
  readonly version: number
  /** Writes protocol and metaData as the next commit. */
  create(options: DeltaTableOptions): Promise<void>
  commit(...actions: readonly DeltaAction[]): Promise<void>
  /** Any text under any name in the log folder. */
  writeLog(name: string, text: string): Promise<void>
  /** A V2 checkpoint in JSON with these actions, at the last version. */
  checkpoint(actions: readonly DeltaAction[]): Promise<void>
}

const utf8 = new TextEncoder()

export function deltaTable(store: WritableStore, location: string): DeltaTable {
  let version = -1
  const writeLog = async (name: string, text: string) => {
    await store.put(`${location}/_delta_log/${name}`, utf8.encode(text))
  }
  const commit = async (...actions: readonly DeltaAction[]) => {
    version++
    await writeLog(`${deltaVersion(version)}.json`, jsonLinesOf(actions))
  }
  return {
    location,
    get version() {
      return version
    },
    commit,
    create: options => commit(deltaProtocol(options.readerFeatures), deltaMetadata(options)),
    writeLog,
    checkpoint: actions => {
      const name = `${deltaVersion(version)}.checkpoint.00000000-0000-4000-8000-000000000001.json`
      return writeLog(name, jsonLinesOf([{ checkpointMetadata: { version } }, ...actions]))
    },
  }
}

/** A version as log file names spell it. */
export function deltaVersion(version: number): string {
  return String(version).padStart(20, '0')
}

export function jsonLinesOf(actions: readonly DeltaAction[]): string {
  return actions.map(action => `${JSON.stringify(action)}\n`).join('')
}

export function deltaProtocol(readerFeatures?: readonly string[]): DeltaAction {
  if (readerFeatures === undefined)
    return { protocol: { minReaderVersion: 1, minWriterVersion: 2 } }
  const versions = { minReaderVersion: 3, minWriterVersion: 7 }
  return { protocol: { ...versions, readerFeatures, writerFeatures: readerFeatures } }
}

export function deltaMetadata(options: DeltaTableOptions): DeltaAction {
  const fields = options.fields.map(field => ({ nullable: true, metadata: {}, ...field }))
  return {
    metaData: {
      id: options.id ?? '00000000-0000-4000-8000-0000000000aa',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify({ type: 'struct', fields }),
      partitionColumns: options.partitionColumns ?? [],
      configuration: options.configuration ?? {},
      createdTime: 'createdTime' in options ? options.createdTime : 1,
    },
  }
}

export function deltaAdd(path: string, options: DeltaFileOptions = {}): DeltaAction {
  return { add: { path, ...fileFields(options), modificationTime: options.modificationTime ?? 1 } }
}

export function deltaRemove(path: string, options: DeltaFileOptions = {}): DeltaAction {
  return {
    remove: { path, ...fileFields(options), extendedFileMetadata: true, deletionTimestamp: 2 },
  }
}

export function deltaCdc(path: string, options: DeltaFileOptions = {}): DeltaAction {
  return { cdc: { path, ...fileFields(options), dataChange: false } }
}

function fileFields(options: DeltaFileOptions): Readonly<Record<string, unknown>> {
  const { stats, deletionVector, tags, baseRowId } = options
  return {
    partitionValues: options.partitionValues ?? {},
    size: options.size ?? 100,
    dataChange: options.dataChange ?? true,
    ...(stats === undefined
      ? {}
      : { stats: typeof stats === 'string' ? stats : JSON.stringify(stats) }),
    ...(deletionVector === undefined ? {} : { deletionVector }),
    ...(tags === undefined ? {} : { tags }),
    ...(baseRowId === undefined ? {} : { baseRowId }),
  }
}
