import { type Field, writeJson } from '@spillway/core'
import type { RecordBatch, Table } from 'apache-arrow'
import type { Json } from './json.js'
import { memberNames } from './member-names.js'
import { type PlainRow, plainRows } from './plain-rows.js'
import type { Row, RowAnswer } from './row.js'
import { rowJson } from './row-json.js'

/**
 * A row that `JSON.stringify` loses nothing of but the sign of zero: as a `PlainRow`, but a long, NaN and infinities are text, bytes base64, maps lists of
 * `key` and `value`, and a variant is nested as it is.
 */
export interface JsonRow {
  readonly [column: string]: Json
}

/**
 * The rows that were asked for, as plain objects when iterated over, as they come. Each form reads them anew, and leaving a loop ends
 * the reading. A column whose values have no exact form is refused before the first row.
 */
export interface RowForms extends AsyncIterable<PlainRow> {
  readonly fields: readonly Field[]
  /** All of them: bound it with `limit`. */
  all(): Promise<readonly PlainRow[]>
  json(): Promise<readonly JsonRow[]>
  /** Text of many lines at a time, a row of JSON each. */
  jsonLines(): AsyncIterable<string>
  arrow(): Promise<Table>
  batches(): AsyncIterable<RecordBatch>
  /** Blocks of rows by position, as `RowValue` has them: decimals unscaled, dates as days, timestamps as units, from 1970. */
  rawRows(): AsyncIterable<readonly Row[]>
}

/** Loaded for those who ask for it. */
const arrow = () => import('./to-arrow.js')

/** What `read` gives, once for each form that is read. */
export function rowForms(read: () => RowAnswer): RowForms {
  const { fields } = read()
  async function* plain(): AsyncGenerator<readonly PlainRow[]> {
    const toPlain = plainRows(fields)
    for await (const block of read().rows) yield block.map(toPlain)
  }
  async function* json(): AsyncGenerator<readonly JsonRow[]> {
    // What has no value there has none here.
    plainRows(fields)
    const names = memberNames(fields.map(({ name }) => name))
    const toJson = (row: Row): JsonRow =>
      Object.fromEntries(rowJson(row, fields).map((value, i) => [names[i], value]))
    for await (const block of read().rows) yield block.map(toJson)
  }
  return {
    fields,
    async *[Symbol.asyncIterator]() {
      for await (const block of plain()) yield* block
    },
    all: () => collected(plain()),
    json: () => collected(json()),
    async *jsonLines() {
      for await (const block of json()) {
        yield block.map(row => `${writeJson(row)}\n`).join('')
      }
    },
    arrow: async () => (await arrow()).toArrow(read()),
    async *batches() {
      const { arrowBatch, arrowSchema } = await arrow()
      const schema = arrowSchema(fields)
      for await (const block of read().rows) yield arrowBatch(fields, block, schema)
    },
    async *rawRows() {
      yield* read().rows
    },
  }
}

async function collected<Item>(blocks: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const block of blocks) for (const item of block) all.push(item)
  return all
}
