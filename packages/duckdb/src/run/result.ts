import { type Field, TableError, writeJson } from '@spillway/core'
import { type Chunk, chunkRows, quoteName, type Row } from '@spillway/rows'
import type { RecordBatch } from 'apache-arrow'
import { thenClose } from '../connection/close-all.js'
import type {
  JsonRow,
  ResultColumn,
  ResultRow,
  ShareExplanation,
  ShareResult,
} from '../share/attached-share.js'
import { resultFields } from './result-fields.js'
import { rowObjects } from './row-values.js'
import { rowJsons } from './value-json.js'

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
  async function* rawRows(): AsyncGenerator<readonly Row[]> {
    once()
    let isWhole = false
    try {
      for await (const chunk of source.chunks()) yield chunkRows(chunk)
      isWhole = true
    } finally {
      // Why the rows ended is never hidden by what their end fails with.
      await source.close().catch(error => {
        if (isWhole) throw error
      })
    }
  }
  const close = async () => {
    used = true
    await source.close()
  }
  return {
    columns: source.columns,
    explanation,
    rawRows,
    ...objectForms(source.columns, rawRows),
    ...jsonForms(source.columns, rawRows),
    ...arrowForms(source.columns, rawRows),
    async relation() {
      once()
      const into = async () => `temp.main.${quoteName(await source.into())}`
      return thenClose(into, () => source.close())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

type RawRows = () => AsyncIterable<readonly Row[]>

function objectForms(columns: readonly ResultColumn[], rawRows: RawRows) {
  async function* blocks(): AsyncGenerator<readonly ResultRow[]> {
    // What has no lossless value is refused before anything is read.
    const toObject = rowObjects(columns)
    for await (const block of rawRows()) yield block.map(toObject)
  }
  return {
    async *rows(): AsyncGenerator<ResultRow> {
      for await (const block of blocks()) yield* block
    },
    all: () => collected(blocks()),
  }
}

function jsonForms(columns: readonly ResultColumn[], rawRows: RawRows) {
  async function* blocks(): AsyncGenerator<readonly JsonRow[]> {
    rowObjects(columns)
    const toJson = rowJsons(columns)
    for await (const block of rawRows()) yield block.map(toJson)
  }
  return {
    json: () => collected(blocks()),
    async *jsonLines(): AsyncGenerator<string> {
      for await (const block of blocks()) {
        yield block.map(row => `${writeJson(row)}\n`).join('')
      }
    },
  }
}

function arrowForms(columns: readonly ResultColumn[], rawRows: RawRows) {
  async function* batches(fields: readonly Field[]): AsyncGenerator<RecordBatch> {
    const { arrowBatch, arrowSchema } = await import('@spillway/rows/arrow')
    const schema = arrowSchema(fields)
    for await (const block of rawRows()) yield arrowBatch(fields, block, schema)
  }
  return {
    batches: () => batches(resultFields(columns)),
    async arrow() {
      const fields = resultFields(columns)
      const all: RecordBatch[] = []
      for await (const batch of batches(fields)) all.push(batch)
      const { arrowTable } = await import('@spillway/rows/arrow')
      return arrowTable(fields, all)
    },
  }
}

async function collected<Item>(blocks: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const block of blocks) for (const item of block) all.push(item)
  return all
}
