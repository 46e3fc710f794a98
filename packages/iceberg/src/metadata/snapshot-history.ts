import { inSlices, Slices, type Steps, sorted } from '@spillway/core'
import type { LongJsonValue } from '@spillway/encoding'
import { badMetadata, checked } from './check-document.js'
import { logDocument, type SnapshotDocument, snapshotDocument, text } from './document.js'

export interface IcebergSnapshot {
  readonly id: bigint
  readonly parentId?: bigint
  /** 0 in format version 1. */
  readonly sequenceNumber: bigint
  readonly timestamp: number
  readonly manifestList?: string
  /** Version 1 could list its manifests in place of a manifest list. */
  readonly manifests?: readonly string[]
  readonly summary: ReadonlyMap<string, string>
  readonly schemaId?: number
  readonly keyId?: string
}

/** What a metadata file tells of the versions of its table. */
export interface SnapshotHistory {
  readonly snapshots: ReadonlyMap<bigint, IcebergSnapshot>
  readonly log: readonly LogEntry[]
  /** When each snapshot became current, oldest first: the log, or what the times of the snapshots say where there is none. */
  readonly currents: readonly LogEntry[]
  /** The last position in `currents`, counted from 1, of each snapshot without a sequence number. */
  readonly positions: ReadonlyMap<bigint, number>
}

interface LogEntry {
  readonly snapshotId: bigint
  readonly timestamp: number
}

/** Entries that take part of a millisecond to check: writers have some twenty. */
const LONG_SUMMARY = 100

/** Snapshots and the snapshot log, which grow with each commit, checked in slices. */
export async function readHistory(
  json: { readonly snapshots: LongJsonValue | undefined; readonly log: LongJsonValue | undefined },
  path: string,
): Promise<SnapshotHistory> {
  const slices = new Slices()
  const snapshots = new Map<bigint, IcebergSnapshot>()
  for (const [i, each] of listed(json.snapshots, 'snapshots', path).entries()) {
    const document = checked(snapshotDocument, each, path, `snapshots.${i}`)
    const place = `snapshots.${i}.manifests`
    const texts = document.manifests && textsOf(document.manifests, path, place)
    const snapshot = convertSnapshot(document, texts && (await inSlices(texts, slices)))
    snapshots.set(snapshot.id, snapshot)
    const isLong = snapshot.summary.size > LONG_SUMMARY
    if (isLong ? slices.isOverNow : slices.isOver) await slices.pause()
  }
  const log: LogEntry[] = []
  for (const [i, each] of listed(json.log, 'snapshot-log', path).entries()) {
    const entry = checked(logDocument, each, path, `snapshot-log.${i}`)
    log.push({ snapshotId: entry['snapshot-id'], timestamp: entry['timestamp-ms'] })
    if (slices.isOver) await slices.pause()
  }
  const currents = log.length > 0 ? log : await byTime(snapshots, slices)
  return { snapshots, log, currents, positions: await numbered(snapshots, currents, slices) }
}

async function byTime(
  snapshots: SnapshotHistory['snapshots'],
  slices: Slices,
): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = []
  for (const { id, timestamp } of snapshots.values()) {
    entries.push({ snapshotId: id, timestamp })
    if (slices.isOver) await slices.pause()
  }
  return inSlices(
    sorted(entries, (a, b) => a.timestamp - b.timestamp),
    slices,
  )
}

/** Made once: looking for each snapshot in the history when a version is asked for would take the square of them. */
async function numbered(
  snapshots: SnapshotHistory['snapshots'],
  currents: readonly LogEntry[],
  slices: Slices,
): Promise<ReadonlyMap<bigint, number>> {
  const positions = new Map<bigint, number>()
  for (const [i, { snapshotId }] of currents.entries()) {
    const snapshot = snapshots.get(snapshotId)
    if (snapshot !== undefined && !isNumbered(snapshot)) positions.set(snapshotId, i + 1)
    if (slices.isOver) await slices.pause()
  }
  return positions
}

/** Version 1 has no sequence numbers. */
export function isNumbered({ sequenceNumber }: IcebergSnapshot): boolean {
  return sequenceNumber > 0n
}

function listed(
  json: LongJsonValue | undefined,
  key: string,
  path: string,
): readonly LongJsonValue[] {
  if (json === undefined || json === null) return []
  if (Array.isArray(json)) return json as readonly LongJsonValue[]
  throw badMetadata(path, `${key}: it is no list`)
}

/** Paths of manifests, which version 1 may list in the snapshot itself. */
function* textsOf(list: readonly LongJsonValue[], path: string, place: string): Steps<string[]> {
  const found: string[] = []
  for (const [i, each] of list.entries()) {
    found.push(typeof each === 'string' ? each : checked(text, each, path, `${place}.${i}`))
    if (i % TEXTS_IN_A_STEP === TEXTS_IN_A_STEP - 1) yield
  }
  return found
}

const TEXTS_IN_A_STEP = 4096

function convertSnapshot(
  one: SnapshotDocument,
  manifests: readonly string[] | null | undefined,
): IcebergSnapshot {
  return {
    id: one['snapshot-id'],
    ...((one['parent-snapshot-id'] ?? -1n) === -1n ? {} : { parentId: one['parent-snapshot-id']! }),
    sequenceNumber: one['sequence-number'] ?? 0n,
    timestamp: one['timestamp-ms'],
    ...(one['manifest-list'] ? { manifestList: one['manifest-list'] } : {}),
    ...(manifests ? { manifests } : {}),
    summary: one.summary ?? new Map(),
    ...(typeof one['schema-id'] === 'number' ? { schemaId: one['schema-id'] } : {}),
    ...(one['key-id'] ? { keyId: one['key-id'] } : {}),
  }
}
