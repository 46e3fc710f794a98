import { writeJson } from '@spillway/core'
import type { DeltaFileAction, TableMetaData } from '@spillway/protocol/wire'
import type { MetaDataAction, ProtocolAction } from '../query/read-actions.js'

/** The first two lines of an answer: what its files are to be read by. */
export interface AnswerHeader {
  readonly protocol: ProtocolAction
  readonly metaData: MetaDataAction
  readonly readsSqlHints?: boolean
}

/** The table's metadata, whichever format it was answered in. */
export function tableOf({ metaData }: Pick<AnswerHeader, 'metaData'>): TableMetaData {
  return metaData.kind === 'deltaMetaData' ? metaData.metaData.deltaMetadata : metaData.metaData
}

/** What the files of an answer are to be read by. Answers with the same text are of one table, unchanged. */
export function headerText(header: AnswerHeader): string {
  return [protocolLine(header), metadataLine(header, {})].join('\n')
}

/** The commit that adds the files of `adds` to the table of `header`, in UTF-8. */
export function answerLog(header: AnswerHeader, adds: Iterable<DeltaFileAction>): Uint8Array {
  const { name, description } = tableOf(header)
  const lines = [protocolLine(header), metadataLine(header, { name, description })]
  for (const add of adds) lines.push(addLine(add))
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}

/** The members that are read; whatever else a server writes may nest without end. */
function addLine(file: DeltaFileAction): string {
  const { path, partitionValues, size, modificationTime, dataChange, stats, deletionVector } = file
  return writeJson({
    add: { path, partitionValues, size, modificationTime, dataChange, stats, deletionVector },
  })
}

/** A plain Parquet answer needs no feature to be read, whatever its configuration mentions. */
function protocolLine({ protocol }: AnswerHeader): string {
  if (protocol.kind !== 'deltaProtocol') {
    return writeJson({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } })
  }
  const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol.protocol
  return writeJson({
    protocol: { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures },
  })
}

/** `words`, what is said about the table: some servers say it in one of their answers and not in the other. */
function metadataLine(
  header: AnswerHeader,
  words: { readonly name?: string | undefined; readonly description?: string | undefined },
): string {
  const { id, format, schemaString, partitionColumns, ...table } = tableOf(header)
  const isDelta = header.protocol.kind === 'deltaProtocol'
  const configuration = isDelta ? (table.configuration ?? {}) : {}
  return writeJson({
    metaData: { id, ...words, format, schemaString, partitionColumns, configuration },
  })
}
