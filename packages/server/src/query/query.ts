import { type SnapshotRef, TableError } from '@spillway/core'
import type { QueryRequest } from '@spillway/protocol'
import { checkVersion, maxFilesParameter, timestampParameter } from '../requests/parameters.js'
import type { Pinned } from '../requests/pinned.js'

/** A query's body, checked. */
export interface Query {
  readonly body: QueryRequest
  /** Latest where the client names neither version nor time. */
  readonly ref: SnapshotRef
  readonly maxFiles: number | undefined
  /** The version that an asynchronous query was accepted at. */
  readonly pinned?: Pinned
}

/** What can be refused without looking at the table. */
export function checkQuery(body: QueryRequest): Query {
  const timestamp = timestampParameter(body.timestamp, 'timestamp')
  const version = checkVersion(body.version, 'version')
  const startingVersion = checkVersion(body.startingVersion, 'startingVersion')
  const endingVersion = checkVersion(body.endingVersion, 'endingVersion')
  const given = [version, timestamp, startingVersion].filter(value => value !== undefined)
  if (given.length > 1) {
    throw refused('Please only provide one of version, timestamp and startingVersion')
  }
  if (endingVersion !== undefined && startingVersion === undefined) {
    throw refused('endingVersion needs a startingVersion')
  }
  checkRefresh(body, given.length > 0)
  return {
    body,
    ref: referenceOf(version, timestamp),
    maxFiles: maxFilesParameter(body.maxFiles),
  }
}

/** A refresh is of the first page of the latest snapshot, and of nothing else. */
function checkRefresh(body: QueryRequest, pinned: boolean): void {
  if (body.refreshToken === undefined && body.includeRefreshToken !== true) return
  if (pinned) {
    throw refused('a refresh token cannot be used with version, timestamp or startingVersion')
  }
  if (body.pageToken !== undefined) {
    throw refused('a refresh token cannot be used with a pageToken')
  }
}

function referenceOf(version: bigint | undefined, timestamp: number | undefined): SnapshotRef {
  if (version !== undefined) return { kind: 'version', version }
  if (timestamp === undefined) return { kind: 'latest' }
  return { kind: 'timestamp', timestamp, direction: 'before' }
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
