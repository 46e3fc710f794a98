import { isTableError } from '@spillway/core'
import type { CheckpointFiles } from '../log/log-segment.js'

/** A checkpoint that is there and cannot be read; `cause` says why. */
export class TornCheckpoint extends Error {
  readonly version: bigint
  /** The path of its first file. */
  readonly path: string

  constructor({ version, files }: CheckpointFiles, cause: unknown) {
    super('a checkpoint cannot be read', { cause })
    this.version = version
    this.path = files[0]!.path
  }
}

/** A store that fails, or a recipient that went away, says nothing about the checkpoint. */
export function asTorn(checkpoint: CheckpointFiles, error: unknown): unknown {
  const isTorn =
    isTableError(error) && (error.code === 'TABLE_CORRUPT' || error.code === 'UNSUPPORTED_FEATURE')
  return isTorn ? new TornCheckpoint(checkpoint, error) : error
}
