import { type WritableJson, writeJson } from '@spillway/core'
import type { EndStreamAction } from '../actions/actions.js'

/** The last line of an answer to a client that asked for one. */
export function encodeEnd(end: EndStreamAction): string {
  return `${writeJson({ endStreamAction: end as WritableJson })}\n`
}

/** The only line of an answer that is not ready. */
export function encodeQueryStatus(queryId: string, status: string): string {
  return `${writeJson({ queryStatus: { queryId, status } })}\n`
}
