import { mapConcurrently, type ObjectMeta, TableError, type TableSource } from '@spillway/core'
import type { Sidecar } from '../actions/actions.js'
import { decodePath, isAbsolutePath, resolvePath } from '../actions/data-path.js'
import { LogFileReader } from '../actions/read-log.js'
import { CommitReplay, type CommitRun } from '../log/commit-replay.js'
import { logFolder } from '../log/log-path.js'
import type { CheckpointFiles } from '../log/log-segment.js'
import { type CheckpointPart, type PartContext, partsOf } from './checkpoint-part.js'
import { readHead } from './checkpoint-rows.js'
import { requireAdds } from './require-adds.js'
import { type CheckpointFile, openCheckpointFile } from './row-group.js'

/** A checkpoint, opened: its documents at hand, its files as parts still to be read. */
export interface OpenCheckpoint {
  readonly version: bigint
  readonly protocolJson?: string | undefined
  readonly metadataJson?: string | undefined
  readonly parts: readonly CheckpointPart[]
  /** Adds of a JSON checkpoint without sidecars. */
  readonly runs: readonly CommitRun[]
}

const CONCURRENT_FOOTERS = 16

/** Opens a checkpoint: reads its footers and documents, and none of its adds. */
export async function openCheckpoint(
  context: PartContext,
  source: TableSource,
  checkpoint: CheckpointFiles,
  signal?: AbortSignal,
): Promise<OpenCheckpoint> {
  return checkpoint.encoding === 'json'
    ? openJson(context, source, checkpoint, signal)
    : openParquet(context, source, checkpoint, signal)
}

async function openJson(
  context: PartContext,
  source: TableSource,
  checkpoint: CheckpointFiles,
  signal?: AbortSignal,
): Promise<OpenCheckpoint> {
  const replay = new CommitReplay(context.location)
  const reader = new LogFileReader(context.io.store, { signal })
  for (const file of checkpoint.files) await reader.read(file, replay)
  const sidecars = await openSidecars(context, source, replay.sidecars, signal)
  return {
    version: checkpoint.version,
    ...documents(replay.protocolJson, replay.metadataJson),
    parts: sidecars.flatMap(file => partsOf(context, file)),
    runs: await replay.finish(),
  }
}

async function openParquet(
  context: PartContext,
  source: TableSource,
  checkpoint: CheckpointFiles,
  signal?: AbortSignal,
): Promise<OpenCheckpoint> {
  const open = async (file: ObjectMeta) => {
    const opened = await openCheckpointFile(context.io.store, file, signal)
    return { opened, head: await readHead(context.io, opened, signal) }
  }
  const files = await mapConcurrently(checkpoint.files, CONCURRENT_FOOTERS, open)
  const heads = files.map(file => file.head)
  const recorded = heads.flatMap(head => head.sidecars)
  for (const { opened } of files) requireAdds(opened, 'checkpoint')
  const sidecars = await openSidecars(context, source, recorded, signal)
  const all = [...files.map(file => file.opened), ...sidecars]
  return {
    version: checkpoint.version,
    ...documents(
      heads.findLast(head => head.protocolJson !== undefined)?.protocolJson,
      heads.findLast(head => head.metadataJson !== undefined)?.metadataJson,
    ),
    parts: all.flatMap(file => partsOf(context, file)),
    runs: [],
  }
}

async function openSidecars(
  context: PartContext,
  source: TableSource,
  sidecars: readonly Sidecar[],
  signal?: AbortSignal,
): Promise<CheckpointFile[]> {
  // Named twice it is still one file: its adds count once.
  const distinct = [...new Map(sidecars.map(sidecar => [sidecar.path, sidecar])).values()]
  return mapConcurrently(distinct, CONCURRENT_FOOTERS, async sidecar => {
    const path = sidecarPath(source, sidecar.path)
    const file = await context.io.store.head(path, signal)
    if (file === undefined) {
      throw new TableError('TABLE_CORRUPT', 'a sidecar of the checkpoint is missing', {
        context: { path },
      })
    }
    if (sidecar.sizeInBytes > 0 && file.size !== sidecar.sizeInBytes) {
      throw new TableError(
        'TABLE_CORRUPT',
        `a sidecar has ${file.size} bytes, its checkpoint says ${sidecar.sizeInBytes}`,
        { context: { path } },
      )
    }
    const opened = await openCheckpointFile(context.io.store, file, signal)
    requireAdds(opened, 'sidecar')
    return opened
  })
}

/** Usually a file name under `_sidecars`. PROTOCOL.md, "Sidecar File Information". */
function sidecarPath(source: TableSource, recorded: string): string {
  if (isAbsolutePath(recorded)) return resolvePath(source, recorded)
  return `${logFolder(source.location)}_sidecars/${decodePath(recorded)}`
}

function documents(protocolJson: string | undefined, metadataJson: string | undefined) {
  return {
    protocolJson,
    metadataJson,
  }
}
