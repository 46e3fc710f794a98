import { type Field, writeJson } from '@spillway/core'
import { type Json, type Row, type RowAnswer, rowJson } from '@spillway/rows'
import { shownJson } from '../terminal/shown-json.js'
import { csvLine } from './csv.js'
import type { OutputMode } from './result-forms.js'
import { floatText } from './value-text.js'
import type { Sink } from './write-result.js'

/** Rows of one table for programs, a block at a time: the texts that answers to SQL have. */
export async function writeRows(
  answer: RowAnswer,
  sink: Sink,
  mode: Exclude<OutputMode, 'table'>,
): Promise<void> {
  if (mode === 'arrow') return writeArrow(answer, sink)
  const { fields, rows } = answer
  const lineOf = mode === 'csv' ? csvRow : jsonRow
  if (mode === 'csv') await sink(`${csvLine(fields.map(({ name }) => name))}\n`)
  for await (const block of rows) {
    await sink(block.map(row => `${lineOf(row, fields)}\n`).join(''))
  }
}

function jsonRow(row: Row, fields: readonly Field[]): string {
  const values = rowJson(row, fields)
  return shownJson(Object.fromEntries(fields.map(({ name }, i) => [name, values[i] ?? null])))
}

function csvRow(row: Row, fields: readonly Field[]): string {
  const cells = rowJson(row, fields).map((value, i) => {
    const number = fields[i]!.type === 'float' ? row[i] : undefined
    return typeof number === 'number' ? floatText(number) : csvText(value)
  })
  return csvLine(cells)
}

/** A value of JSON as a cell: what is nested is JSON. */
export function csvText(value: Json): string | null {
  if (value === null) return null
  return typeof value === 'string' ? value : writeJson(value)
}

async function writeArrow({ fields, rows }: RowAnswer, sink: Sink): Promise<void> {
  const { arrowBatch, arrowIpc, arrowSchema } = await import('@spillway/rows/arrow')
  const schema = arrowSchema(fields)
  async function* batches() {
    for await (const block of rows) yield arrowBatch(fields, block, schema)
  }
  for await (const chunk of arrowIpc(batches(), { schema, kind: 'stream' })) await sink(chunk)
}
