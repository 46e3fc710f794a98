import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BatchCache, DataFile, Snapshot } from '@spillway/core'

export const repository = fileURLToPath(new URL('../../../../', import.meta.url))
/** Tables that are not part of this repository: their tests are skipped where they are absent. */
export const sharedFixtures = fileURLToPath(
  new URL('../../../../../shared/fixtures/hudi', import.meta.url),
)
export const hasSharedFixtures = existsSync(`${sharedFixtures}/manifest.jsonl`)

export interface Manifest {
  readonly name: string
  readonly tableVersion: number
  readonly expected: {
    readonly error?: string
    readonly latestCommit: string | null
    readonly latestCompletion?: string
    readonly schemaFields: readonly string[] | null
    readonly partitionFields: readonly string[]
    readonly fileSlices: readonly {
      readonly baseFile: string
      readonly logFiles: readonly string[]
    }[]
    readonly pruneCases?: readonly {
      readonly predicate: string
      readonly mustKeep?: readonly string[]
      readonly minMaxKeepCount?: number
    }[]
  }
}

export function readManifest(): readonly Manifest[] {
  return readFileSync(`${sharedFixtures}/manifest.jsonl`, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Manifest)
}

/** Keeps nothing: every load is done. */
export const noCache: BatchCache = {
  get: (_, load) => load(new AbortController().signal),
}

/** What comes some at a time, as one list. */
export async function collected<T>(some: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const each of some) all.push(...each)
  return all
}

export async function liveFiles(snapshot: Snapshot): Promise<readonly DataFile[]> {
  const files: DataFile[] = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    files.push(...(await loaded.files(loaded.live)))
  }
  return files
}
