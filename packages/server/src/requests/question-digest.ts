import { createHash } from 'node:crypto'
import { type WritableJson, writeJson } from '@spillway/core'
import type { TableRequest } from './table-request.js'

/** Whatever else must be asked again in the same way: pages of different questions do not fit together. */
export function questionDigest(request: TableRequest, question: WritableJson): string {
  const { capabilities, idScheme } = request
  const text = writeJson([
    question,
    [...capabilities.formats],
    [...capabilities.readerFeatures].sort(),
    idScheme ?? '',
  ])
  return createHash('sha256').update(text).digest('base64url')
}
