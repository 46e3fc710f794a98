import { createHash } from 'node:crypto'
import {
  type DataFile,
  type DataType,
  type DeleteFile,
  type Field,
  inSlices,
  type Snapshot,
} from '@spillway/core'
import { hashedInSteps } from './hash-bytes.js'

/** Changes whenever the same input would be written differently. */
const WRITER = 3

/** All live rows of a file, or those alone that its logs changed or added. */
export type StagedKind = 'complete' | 'changed'

/**
 * The name of a rewritten file, from everything its rows depend on: the source files, their deletes and the schema.
 * Versions of a table that agree on those share it.
 */
export async function stagedName(
  snapshot: Snapshot,
  file: DataFile,
  kind: StagedKind = 'complete',
): Promise<string> {
  const deletes = await Promise.all(file.deletes.map(deleteIdentity))
  const logs = file.logFiles.length > 0 ? [snapshot.version.toString(), file.logFiles] : []
  const identity = [
    WRITER,
    snapshot.format,
    snapshot.tableId,
    snapshot.source.location,
    snapshot.properties.get('delta.columnMapping.mode') ?? '',
    snapshot.properties.get('schema.name-mapping.default') ?? '',
    [file.path, file.size, writtenAt(snapshot, file), file.specId, file.partition],
    deletes,
    logs,
    file.part,
    snapshot.schema.fields.map(fieldIdentity),
    ...(kind === 'complete' ? [] : [kind]),
  ]
  const hash = createHash('sha256').update(JSON.stringify(identity, plain)).digest('hex')
  return `${hash.slice(0, 2)}/${hash}.parquet`
}

/** 0 where only the snapshot's time is known: such files never change. */
function writtenAt({ modificationTimes }: Snapshot, { modificationTime }: DataFile): number {
  return modificationTimes === 'snapshot' ? 0 : modificationTime
}

/** Of a bitmap its hash: in letters it would be many times as long, and there may be megabytes of it. */
async function deleteIdentity(each: DeleteFile): Promise<unknown> {
  if (each.kind !== 'deletion-vector') return [each.kind, each.path, each.size]
  const { bitmap, id, cardinality } = each
  if (!(bitmap instanceof Uint8Array)) return [each.kind, id, bitmap, cardinality]
  const [name, bytes] = await Promise.all([hashOf(Buffer.from(id)), hashOf(bitmap)])
  return [each.kind, name, bytes, cardinality]
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  return (await inSlices(hashedInSteps(createHash('sha256'), bytes))).digest('hex')
}

function fieldIdentity(field: Field): unknown {
  return [field.id, field.name, field.physicalName, typeIdentity(field.type), field.initialDefault]
}

function typeIdentity(type: DataType): unknown {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'struct':
      return [type.kind, type.fields.map(fieldIdentity)]
    case 'list':
      return [type.kind, fieldIdentity(type.element)]
    case 'map':
      return [type.kind, fieldIdentity(type.key), fieldIdentity(type.value)]
    default:
      return type
  }
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}
