import type { ObjectMeta } from '@spillway/core'
import type { ActionSink, CommitInfo, FileAction } from '../actions/actions.js'
import { LogFileReader } from '../actions/read-log.js'
import type { LoadContext } from '../snapshot/load-state.js'
import { type ActionFile, actionFile } from './action-file.js'

export interface Commit {
  readonly version: bigint
  readonly file: ObjectMeta
}

/** A commit, read: its documents as recorded, and what it did to files. */
export interface ReadCommit extends Commit {
  readonly info: CommitInfo | undefined
  readonly protocolJson: string | undefined
  readonly metadataJson: string | undefined
  readonly files: readonly PendingChange[]
}

/** An add, remove or cdc action; its file is built once the metadata in force is known. */
export interface PendingChange extends ActionFile {
  readonly action: 'add' | 'remove' | 'cdc'
  readonly dataChange: boolean
  /** False for a remove that does not say how long its file is. */
  readonly hasSize: boolean
  /** Partition columns of a remove that says them, in lower case. */
  readonly partitionKeys: ReadonlySet<string> | undefined
}

/** Reads the log file of a commit. */
export async function readCommit(context: LoadContext, commit: Commit): Promise<ReadCommit> {
  const collected: {
    info: CommitInfo | undefined
    protocolJson: string | undefined
    metadataJson: string | undefined
  } = { info: undefined, protocolJson: undefined, metadataJson: undefined }
  const files: PendingChange[] = []
  const sink: ActionSink = {
    file: (action: FileAction) => {
      const { kind, dataChange, size } = action
      const partitionKeys = kind === 'remove' ? keysOf(action) : undefined
      const file = actionFile(action)
      files.push({ action: kind, dataChange, hasSize: size >= 0, partitionKeys, ...file })
    },
    commitInfo: info => {
      collected.info = info
    },
    protocol: json => {
      collected.protocolJson = json
    },
    metadata: json => {
      collected.metadataJson = json
    },
  }
  await new LogFileReader(context.log.store, { signal: context.signal }).read(commit.file, sink)
  return { ...commit, ...collected, files }
}

function keysOf(action: FileAction): ReadonlySet<string> | undefined {
  if (!action.hasPartitionValues) return undefined
  const names = action.partitionNames.slice(0, action.partitionCount)
  return new Set(names.map(name => name.toLowerCase()))
}
