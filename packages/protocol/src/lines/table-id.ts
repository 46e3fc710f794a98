import { createHash } from 'node:crypto'
import type { TableMetadata } from '@spillway/core'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A table's id as recipients see it. Tables without one are told apart by where they lie, which is not theirs to know. */
export function wireTableId({ deltaActions, tableId }: TableMetadata): string {
  if (deltaActions !== undefined || UUID.test(tableId)) return tableId
  const hex = createHash('sha256').update(tableId).digest('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ]
  return [...parts, hex.slice(20, 32)].join('-')
}
