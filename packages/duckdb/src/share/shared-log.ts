import type { MetaDataAction, ProtocolAction } from '@spillway/client'
import {
  type BatchCache,
  type ObjectMeta,
  type ObjectStore,
  type Snapshot,
  writeJson,
} from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import type { DeltaFileAction, TableMetaData } from '@spillway/protocol'

/** The first two lines of an answer: what its files are to be read by. */
export interface AnswerHeader {
  readonly protocol: ProtocolAction
  readonly metaData: MetaDataAction
}

const LOCATION = 'shared://answer'

/** Where the files of a log made here seem to lie. */
export function sharedPath(name: string): string {
  return `${LOCATION}/${name}`
}

/**
 * Some files of an answer as a snapshot. What a share answers is a Delta log with signed URLs for paths, so the reader
 * of Delta's logs reads it: its refusals, its column mapping, partition values, statistics and deletion vectors.
 */
export async function snapshotOf(
  header: AnswerHeader,
  adds: readonly DeltaFileAction[] = [],
  signal?: AbortSignal,
): Promise<Snapshot> {
  const lines = [...headerLines(header), ...adds.map(add => writeJson({ add }))]
  const store = logStore(new TextEncoder().encode(`${lines.join('\n')}\n`))
  const reader = deltaReader({ store, cache: uncached })
  return reader.snapshot({ location: LOCATION }, signal ? { signal } : {})
}

/** True for answers whose protocol and metadata are the same text: one table, unchanged. */
export function headerText(header: AnswerHeader): string {
  return [...headerLines(header)].join('\n')
}

export function tableOf({ metaData }: AnswerHeader): TableMetaData {
  return metaData.kind === 'deltaMetaData' ? metaData.metaData.deltaMetadata : metaData.metaData
}

/** A plain Parquet answer needs no feature to be read, whatever its configuration mentions. */
function* headerLines(header: AnswerHeader): Generator<string> {
  const { protocol } = header
  if (protocol.kind === 'deltaProtocol') {
    const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol.protocol
    yield writeJson({
      protocol: { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures },
    })
  } else {
    yield writeJson({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } })
  }
  const { id, format, schemaString, partitionColumns, ...table } = tableOf(header)
  const configuration = protocol.kind === 'deltaProtocol' ? (table.configuration ?? {}) : {}
  const metaData = { id, format, schemaString, partitionColumns, configuration }
  yield writeJson({ metaData })
}

/** Nothing is kept: a log is read once. */
const uncached: BatchCache = {
  get: (_key, load, signal) => load(signal ?? new AbortController().signal),
}

function logStore(log: Uint8Array): ObjectStore {
  const path = `${LOCATION}/_delta_log/${'0'.repeat(20)}.json`
  const meta: ObjectMeta = { path, size: log.length, lastModified: 0 }
  return {
    async get(asked, { range } = {}) {
      if (asked !== path) return undefined
      if (range === undefined) return { bytes: log, meta }
      const bytes =
        'suffix' in range ? log.subarray(-range.suffix) : log.subarray(range.start, range.end)
      return { bytes, meta }
    },
    async head(asked) {
      return asked === path ? meta : undefined
    },
    async *list(prefix, { startAfter = '' } = {}) {
      if (path.startsWith(prefix) && path > startAfter) yield meta
    },
    async *listPrefixes() {
      // The log is flat.
    },
  }
}
