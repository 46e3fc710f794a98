import type { Field } from '@spillway/core'
import { columnsOf, type Layout, partitionsOf } from './shape.js'

export type ColumnType = 'long' | 'double' | 'string'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

const TYPES = ['double', 'string', 'long', 'double'] as const

/** `key` and so many others, of three types by turns. */
export function dataColumns(layout: Layout): readonly Column[] {
  const others = Array.from({ length: columnsOf(layout) - 1 }, (_, i) => ({
    name: `c${i + 1}`,
    type: TYPES[i % TYPES.length]!,
  }))
  return [{ name: 'key', type: 'long' }, ...others]
}

/** The table's columns: those of its files, and behind them the one of its folders. */
export function tableFields(layout: Layout): readonly Field[] {
  const columns = [
    ...dataColumns(layout),
    ...(partitionsOf(layout) > 0 ? [{ name: 'bucket', type: 'long' as const }] : []),
  ]
  return columns.map(({ name, type }, i) => {
    return { id: i + 1, name, physicalName: name, type, nullable: true }
  })
}
