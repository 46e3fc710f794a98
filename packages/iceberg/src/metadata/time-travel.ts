import { type SnapshotRef, TableError } from '@spillway/core'
import type { IcebergMetadata } from './metadata.js'
import { type IcebergSnapshot, isNumbered } from './snapshot-history.js'

/** A snapshot of a table, or the table before its first one, and the schema that reads of it have. */
export interface ChosenSnapshot {
  readonly snapshot: IcebergSnapshot | undefined
  readonly schemaId: number
}

/** The snapshot that `ref` means. */
export function chooseSnapshot(metadata: IcebergMetadata, ref: SnapshotRef): ChosenSnapshot {
  switch (ref.kind) {
    case 'latest':
      return withTableSchema(metadata, metadata.currentSnapshotId)
    case 'branch':
      return byName(metadata, ref.name)
    case 'snapshotId':
      return withOwnSchema(metadata, existing(metadata, ref.id, `snapshot ${ref.id}`))
    case 'sequence':
      return withOwnSchema(metadata, bySequence(metadata, ref.number))
    case 'version':
      return ofVersion(metadata, ref.version)
    case 'timestamp':
      return withOwnSchema(metadata, byTime(metadata, ref.timestamp, ref.direction))
  }
}

/**
 * `Snapshot.version`: the sequence number; in version 1, which has none, the position in the snapshot log, counted
 * from 1. 0 where there is no snapshot.
 */
export function versionOf(
  metadata: IcebergMetadata,
  snapshot: IcebergSnapshot | undefined,
): bigint {
  if (snapshot === undefined) return 0n
  if (isNumbered(snapshot)) return snapshot.sequenceNumber
  return BigInt(metadata.positions.get(snapshot.id) ?? 0)
}

/** A branch is read with the table's schema, a tag with its snapshot's. */
function byName(metadata: IcebergMetadata, name: string): ChosenSnapshot {
  const ref = metadata.refs.get(name)
  if (ref === undefined) throw unavailable(metadata, `the branch or tag ${JSON.stringify(name)}`)
  const snapshot = existing(metadata, ref.snapshotId, `the snapshot of ${ref.kind} ${name}`)
  return ref.kind === 'branch'
    ? withTableSchema(metadata, snapshot.id)
    : withOwnSchema(metadata, snapshot)
}

/** The version that is the latest is what the table is now, whatever changed its schema since it was written. */
function ofVersion(metadata: IcebergMetadata, version: bigint): ChosenSnapshot {
  // A table that was never written has a version too: the one that it told a moment ago.
  if (version === 0n && metadata.currentSnapshotId === undefined) {
    return withTableSchema(metadata, undefined)
  }
  const snapshot = byVersion(metadata, version)
  return snapshot.id === metadata.currentSnapshotId
    ? withTableSchema(metadata, snapshot.id)
    : withOwnSchema(metadata, snapshot)
}

function bySequence(metadata: IcebergMetadata, sequence: bigint): IcebergSnapshot {
  for (const snapshot of metadata.snapshots.values()) {
    if (sequence > 0n && snapshot.sequenceNumber === sequence) return snapshot
  }
  throw unavailable(metadata, `a snapshot with sequence number ${sequence}`)
}

function byVersion(metadata: IcebergMetadata, version: bigint): IcebergSnapshot {
  for (const snapshot of metadata.snapshots.values()) {
    if (versionOf(metadata, snapshot) === version) return snapshot
  }
  throw unavailable(metadata, `version ${version}`)
}

function byTime(
  metadata: IcebergMetadata,
  timestamp: number,
  direction: 'before' | 'after',
): IcebergSnapshot {
  const log = metadata.currents
  const entry =
    direction === 'before'
      ? log.findLast(one => one.timestamp <= timestamp)
      : log.find(one => one.timestamp >= timestamp)
  const when = `a snapshot current at ${new Date(timestamp).toISOString()}`
  if (entry === undefined) throw unavailable(metadata, when)
  return existing(metadata, entry.snapshotId, when)
}

function existing(metadata: IcebergMetadata, id: bigint, what: string): IcebergSnapshot {
  const snapshot = metadata.snapshots.get(id)
  if (snapshot === undefined) throw unavailable(metadata, what)
  return snapshot
}

function withTableSchema(metadata: IcebergMetadata, id: bigint | undefined): ChosenSnapshot {
  const snapshot = id === undefined ? undefined : metadata.snapshots.get(id)
  return { snapshot, schemaId: metadata.currentSchemaId }
}

function withOwnSchema(metadata: IcebergMetadata, snapshot: IcebergSnapshot): ChosenSnapshot {
  const { schemaId } = snapshot
  const known = schemaId !== undefined && metadata.schemas.has(schemaId)
  return { snapshot, schemaId: known ? schemaId : metadata.currentSchemaId }
}

function unavailable(metadata: IcebergMetadata, what: string): TableError {
  return new TableError('INVALID_REQUEST', `the table does not have ${what}, or has expired it`, {
    context: { path: metadata.path },
  })
}
