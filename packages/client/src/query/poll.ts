import { type ErrorCode, TableError } from '@spillway/core'
import type { QueryStatus } from '@spillway/protocol/wire'
import { sleep } from '../http/retry.js'
import type { ActionPage } from './read-actions.js'

export interface PollOptions {
  /** Between polls; 1 s unless given. */
  readonly intervalMs?: number
  /** Until the query is given up; 10 minutes unless given. */
  readonly timeoutMs?: number
}

/** Polls an asynchronous query until it has an answer. */
export async function pollQuery(
  poll: () => Promise<ActionPage | QueryStatus>,
  options: PollOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<ActionPage> {
  const { intervalMs = 1000, timeoutMs = 600_000, signal } = options
  for (const deadline = performance.now() + timeoutMs; ; ) {
    await sleep(intervalMs, signal)
    const page = await poll()
    if (!('queryId' in page)) return page
    if (isFailed(page.status)) throw pollFailure('INVALID_REQUEST', failureWords(page), page)
    if (performance.now() >= deadline) {
      const message = `the query was not ready after ${timeoutMs / 1000} seconds`
      throw pollFailure('STORAGE_UNAVAILABLE', message, page)
    }
  }
}

function isFailed(status = ''): boolean {
  return /^(failed|error|cancell?ed)$/i.test(status)
}

function failureWords({ errorMessage, message, error }: QueryStatus): string {
  const words = [errorMessage, message, error].find(each => typeof each === 'string')
  return `the query failed on the server${words === undefined ? '' : `: ${words}`}`
}

function pollFailure(code: ErrorCode, message: string, { queryId }: QueryStatus): TableError {
  return new TableError(code, message, { context: { queryId } })
}
