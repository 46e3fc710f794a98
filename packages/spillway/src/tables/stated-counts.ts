import {
  decodeText,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Snapshot,
} from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import type { TableFacts } from './table-facts.js'

/** A count that a table states of itself and that its file list does not bear out. */
export interface WrongCount {
  readonly what: string
  readonly stated: number
  readonly found: number
}

/**
 * Counts that earlier writers got wrong. What an Iceberg table's manifests list is the truth; the totals in a snapshot's
 * summary and the counts in its manifest list are only what writers have added up, and no reader may rely on them.
 */
export function wrongCounts(snapshot: Snapshot, facts: TableFacts): readonly WrongCount[] {
  const { native } = snapshot
  if (native.format !== 'iceberg' || native.snapshotId === null) return []
  const summary = summaryOf(parseExactJson(decodeText(native.metadata)), native.snapshotId)
  const all = [
    { what: 'manifest list: live files', stated: facts.listedFiles, found: facts.files },
    {
      what: 'summary: total-data-files',
      stated: stated(summary, 'total-data-files'),
      found: facts.files,
    },
    {
      what: 'summary: total-records',
      stated: stated(summary, 'total-records'),
      found: facts.recorded,
    },
  ]
  return all.flatMap(({ what, stated, found }) =>
    stated === undefined || found === undefined || stated === found
      ? []
      : [{ what, stated, found }],
  )
}

export function wrongCountText({ what, stated, found }: WrongCount): string {
  return `${what} says ${stated}, the manifests ${found}`
}

function summaryOf(metadata: JsonValue, snapshotId: bigint): JsonObject {
  const snapshots = isJsonObject(metadata) ? metadata.snapshots : undefined
  const found = Array.isArray(snapshots)
    ? snapshots.find(
        each => isJsonObject(each) && String(each['snapshot-id']) === String(snapshotId),
      )
    : undefined
  const summary = isJsonObject(found) ? found.summary : undefined
  return isJsonObject(summary) ? summary : {}
}

function stated(summary: JsonObject, key: string): number | undefined {
  const text = summary[key]
  return text !== undefined && /^-?\d{1,15}$/.test(String(text)) ? Number(text) : undefined
}
