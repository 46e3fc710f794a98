import type { Field } from '@spillway/core'

/** Numbers as they are, every other type as core's `Value` has it; lists as arrays, structs and map entries by position. */
export type RowValue = null | boolean | number | bigint | string | Uint8Array | readonly RowValue[]
export type Row = readonly RowValue[]

/** What reading a table gives. */
export interface RowAnswer {
  readonly fields: readonly Field[]
  /** Blocks of rows; struct values by position, as their type lists its fields. */
  readonly rows: AsyncIterable<readonly Row[]>
}
