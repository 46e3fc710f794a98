import { writeJson } from '@spillway/core'
import type { DeltaFileAction, TableMetaData } from '@spillway/protocol/wire'
import type { MetaDataAction, ProtocolAction } from '../query/read-actions.js'

/** The first two lines of an answer: what its files are to be read by. */
export interface AnswerHeader {
  readonly protocol: ProtocolAction
  readonly metaData: MetaDataAction
}

/** The table's metadata, whichever format it was answered in. */
export function tableOf({ metaData }: Pick<AnswerHeader, 'metaData'>): TableMetaData {
  return metaData.kind === 'deltaMetaData' ? metaData.metaData.deltaMetadata : metaData.metaData
}

/** Two lines of a commit. Answers with the same text are of one table, unchanged. */
export function headerText(header: AnswerHeader): string {
  return [...headerLines(header)].join('\n')
}

/** The commit that adds the files of `adds` to the table of `header`, in UTF-8. */
export function answerLog(header: AnswerHeader, adds: Iterable<DeltaFileAction>): Uint8Array {
  const lines = [...headerLines(header)]
  for (const add of adds) lines.push(writeJson({ add }))
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
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
  const { id, name, description, format, schemaString, partitionColumns, ...table } =
    tableOf(header)
  const configuration = protocol.kind === 'deltaProtocol' ? (table.configuration ?? {}) : {}
  yield writeJson({
    metaData: { id, name, description, format, schemaString, partitionColumns, configuration },
  })
}
