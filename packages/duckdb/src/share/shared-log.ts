import { type AnswerHeader, answerLog, answerStore } from '@spillway/client'
import type { BatchCache, Snapshot } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import type { DeltaFileAction } from '@spillway/protocol'

const LOCATION = 'shared://answer'

/** Where the files of a log made here seem to lie. */
export function sharedPath(name: string): string {
  return `${LOCATION}/${name}`
}

/** Some files of an answer as a snapshot, read by what reads every Delta log. */
export async function snapshotOf(
  header: AnswerHeader,
  adds: readonly DeltaFileAction[] = [],
  signal?: AbortSignal,
): Promise<Snapshot> {
  const store = answerStore({ location: LOCATION, log: answerLog(header, adds) })
  return deltaReader({ store, cache: uncached }).snapshot({ location: LOCATION }, { signal })
}

/** Nothing is kept: a log is read once. */
const uncached: BatchCache = {
  get: (_key, load, signal) => load(signal ?? new AbortController().signal),
}
