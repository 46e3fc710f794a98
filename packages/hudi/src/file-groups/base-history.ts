import type { CommitLoader } from '../timeline/commit-loader.js'
import type { Instant } from '../timeline/instant.js'
import { isLog } from './file-name.js'

interface BaseWrite {
  readonly begin: string
  readonly completion: string
  /** Base instant of the slice it was written over. */
  readonly over: string | undefined
}

/** Which base files writes say that file groups had: from version 8 on, a write to a log does not name its base. */
export interface BaseHistory {
  /** Base instant of the group's slice right after the write that completed at `asOf`; undefined where nobody says. */
  baseAt(partition: string, fileId: string, asOf: string): string | undefined
}

/** What `writes`, in the order they completed, say together. */
export async function baseHistory(
  writes: readonly Instant[],
  commits: CommitLoader,
  signal?: AbortSignal,
): Promise<BaseHistory> {
  await commits.loadAll(writes, signal)
  const byGroup = new Map<string, BaseWrite[]>()
  const loaded = commits.loaded
  for (const { begin, completion } of writes) {
    for (const [partition, stats] of loaded.get(begin)?.writeStats ?? []) {
      for (const { path, fileId, prevCommit } of stats) {
        if (isLog(path)) continue
        const key = `${partition}\0${fileId}`
        const known = byGroup.get(key)
        const write = { begin, completion, over: prevCommit }
        if (known === undefined) byGroup.set(key, [write])
        else known.push(write)
      }
    }
  }
  return {
    baseAt(partition, fileId, asOf) {
      const group = byGroup.get(`${partition}\0${fileId}`) ?? []
      const last = group.findLast(({ completion }) => completion <= asOf)
      if (last !== undefined) return last.begin
      return group.find(({ completion }) => completion > asOf)?.over
    },
  }
}
