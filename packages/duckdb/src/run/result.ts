import { type Field, TableError } from '@spillway/core'
import { arrowBatch, arrowSchema, type Chunk, chunkRows, quoteName, type Row } from '@spillway/rows'
import { type RecordBatch, Table } from 'apache-arrow'
import type { ResultColumn, ShareExplanation, ShareResult } from '../share/attached-share.js'
import { resultFields } from './result-fields.js'

/** The rows of a statement as DuckDB computes them. */
export interface RowSource {
  readonly columns: readonly ResultColumn[]
  chunks(): AsyncIterable<Chunk>
  /** Leaves the rows in a temporary table and says its name. */
  into(): Promise<string>
  close(): Promise<void>
}

export interface ResultOptions {
  readonly source: RowSource
  readonly explanation: ShareExplanation
}

/** A result over `source`, which is closed when it has been read, or with the result. */
export function shareResult({ source, explanation }: ResultOptions): ShareResult {
  let used = false
  const once = () => {
    if (used) {
      throw new TableError(
        'INVALID_REQUEST',
        'the result has been read or closed: run the query again',
      )
    }
    used = true
  }
  async function* chunks(): AsyncGenerator<Chunk> {
    once()
    try {
      yield* source.chunks()
    } finally {
      await source.close()
    }
  }
  async function* rows(): AsyncGenerator<readonly Row[]> {
    resultFields(source.columns)
    for await (const chunk of chunks()) yield chunkRows(chunk)
  }
  async function* batches(fields: readonly Field[]): AsyncGenerator<RecordBatch> {
    const schema = arrowSchema(fields)
    for await (const block of rows()) yield arrowBatch(fields, block, schema)
  }
  return {
    columns: source.columns,
    explanation,
    rows,
    batches: () => batches(resultFields(source.columns)),
    async toArrow() {
      const fields = resultFields(source.columns)
      const all: RecordBatch[] = []
      for await (const batch of batches(fields)) all.push(batch)
      return new Table(arrowSchema(fields), all)
    },
    async relation() {
      once()
      try {
        return `temp.main.${quoteName(await source.into())}`
      } finally {
        await source.close()
      }
    },
    async close() {
      used = true
      await source.close()
    },
    async [Symbol.asyncDispose]() {
      used = true
      await source.close()
    },
  }
}
