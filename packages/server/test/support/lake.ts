import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** When version 0 of every table was committed; later versions follow a minute apart. */
export const FIRST_COMMIT = Date.UTC(2026, 0, 1)
export const MINUTE = 60_000

export interface Lake {
  readonly root: string
  table(name: string): LogWriter
  remove(): void
}

/** Writes a Delta log an action at a time, and files for it to name. */
export interface LogWriter {
  readonly location: string
  commit(...actions: readonly object[]): void
  file(path: string, bytes?: Uint8Array): void
}

export function createLake(): Lake {
  const root = mkdtempSync(join(tmpdir(), 'spillway-lake-'))
  return {
    root,
    table: name => logWriter(join(root, name)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

function logWriter(location: string): LogWriter {
  let version = 0
  function write(path: string, bytes: string | Uint8Array): string {
    const full = join(location, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, bytes)
    return full
  }
  return {
    location,
    commit(...actions) {
      const name = `_delta_log/${String(version).padStart(20, '0')}.json`
      const text = actions.map(action => JSON.stringify(action)).join('\n')
      const seconds = (FIRST_COMMIT + version * MINUTE) / 1000
      utimesSync(write(name, `${text}\n`), seconds, seconds)
      version++
    },
    file: (path, bytes = SOME_BYTES) => void write(path, bytes),
  }
}

const SOME_BYTES = Buffer.from(`PAR1${'x'.repeat(92)}PAR1`)
export const FILE_SIZE = SOME_BYTES.length

export const protocol = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } }

export function featureProtocol(...features: readonly string[]) {
  return {
    protocol: {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: features,
      writerFeatures: features,
    },
  }
}

interface Column {
  readonly name: string
  readonly type: string
  readonly metadata?: object
}

export const ID: Column = { name: 'id', type: 'long' }
export const DAY: Column = { name: 'day', type: 'date' }

export function metaData(
  columns: readonly Column[],
  options: {
    readonly id?: string
    readonly partitionColumns?: readonly string[]
    readonly configuration?: Readonly<Record<string, string>>
  } = {},
) {
  const fields = columns.map(column => ({ nullable: true, metadata: {}, ...column }))
  return {
    metaData: {
      id: options.id ?? 'c0ffee00-0000-4000-8000-000000000001',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify({ type: 'struct', fields }),
      partitionColumns: options.partitionColumns ?? [],
      configuration: options.configuration ?? {},
      createdTime: FIRST_COMMIT,
    },
  }
}

interface FileFacts {
  readonly partitionValues?: Readonly<Record<string, string | null>>
  readonly dataChange?: boolean
  readonly deletionVector?: object
  /** Least and greatest id. */
  readonly ids?: readonly [number, number]
  readonly rows?: number
}

export function add(path: string, facts: FileFacts = {}) {
  const { ids } = facts
  return {
    add: {
      path,
      partitionValues: facts.partitionValues ?? {},
      size: FILE_SIZE,
      modificationTime: FIRST_COMMIT,
      dataChange: facts.dataChange ?? true,
      ...(ids && {
        stats: JSON.stringify({
          numRecords: facts.rows ?? 1,
          minValues: { id: ids[0] },
          maxValues: { id: ids[1] },
          nullCount: { id: 0 },
        }),
      }),
      ...(facts.deletionVector && { deletionVector: facts.deletionVector }),
    },
  }
}

export function remove(path: string, facts: FileFacts = {}) {
  return {
    remove: {
      path,
      deletionTimestamp: FIRST_COMMIT,
      dataChange: facts.dataChange ?? true,
      extendedFileMetadata: true,
      partitionValues: facts.partitionValues ?? {},
      size: FILE_SIZE,
      ...(facts.deletionVector && { deletionVector: facts.deletionVector }),
    },
  }
}

export function cdc(path: string, facts: FileFacts = {}) {
  return {
    cdc: { path, partitionValues: facts.partitionValues ?? {}, size: FILE_SIZE, dataChange: false },
  }
}

/** A vector in a file of its own: Z85 of the UUID 00000000-…, so `deletion_vector_00000000-0000-….bin`. */
export const VECTOR = {
  storageType: 'u',
  pathOrInlineDv: '00000000000000000000',
  offset: 1,
  sizeInBytes: 36,
  cardinality: 2,
}
export const VECTOR_FILE = 'deletion_vector_00000000-0000-0000-0000-000000000000.bin'
