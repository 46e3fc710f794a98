import { deltaTable } from './delta-table.js'
import type { Question } from './measure.js'
import { streamOverSocket, streamQuery } from './stream.js'

const stream: Question = async (files, data) => streamQuery(await deltaTable(data, files))

const streamSocket: Question = async (files, data) =>
  streamOverSocket(await deltaTable(data, files))

/** Those of Delta tables that need a server. */
export const streamQuestions: Readonly<Record<string, Question>> = {
  stream,
  'stream-socket': streamSocket,
}
