import { createHash } from 'node:crypto'
import type { AssetFolder } from '@spillway/core'
import type { HashProgress } from './hash-pass.js'
import type { FileHash } from './kept-hashes.js'

/** A folder whose files are hashed, and what is known of them. */
export interface Followed {
  readonly folder: AssetFolder
  hashes: Map<string, FileHash>
  tag: string | undefined
  isLoaded: boolean
  /** Something was hashed, or is gone, since the digests were kept last. */
  isChanged: boolean
  /** Where a pass ended that met very many files that are refused: the next goes on behind it. */
  endedAt: string | undefined
  progress: HashProgress
  /** Paths whose digests somebody found to be wrong, until they are made again: what is known stands, as anybody can say so. */
  readonly doubted: Set<string>
}

/** Before anything is known of it. */
export function followedFolder(folder: AssetFolder): Followed {
  return {
    folder,
    hashes: new Map(),
    tag: undefined,
    isLoaded: false,
    isChanged: false,
    endedAt: undefined,
    progress: { files: 0, hashedFiles: 0, bytes: 0, hashedBytes: 0 },
    doubted: new Set(),
  }
}

/** Whatever is shared of a folder, its bytes are the same. */
export function keyOf({ location }: AssetFolder): string {
  return location
}

/** A key of plain names, whatever the id is. */
export function stateKey(folder: AssetFolder): string {
  return `hashes/${createHash('sha256').update(keyOf(folder)).digest('hex').slice(0, 32)}`
}
