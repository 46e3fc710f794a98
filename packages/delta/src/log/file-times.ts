import type { ObjectMeta } from '@spillway/core'

export interface TimedVersion {
  readonly version: bigint
  readonly timestamp: number
}

interface Commit {
  readonly version: bigint
  readonly file: ObjectMeta
}

/** A file's time is at least a millisecond after the file before it, whatever the file system says. */
export function monotonic(
  commits: readonly Commit[],
  least = Number.NEGATIVE_INFINITY,
): TimedVersion[] {
  let last = least - 1
  return commits.map(({ version, file }) => {
    last = Math.max(file.lastModified, last + 1)
    return { version, timestamp: last }
  })
}

/** When the file of `version` was made, after the listed commits before it; undefined where none is listed. */
export function fileTimeOf(
  commits: readonly Commit[],
  version: bigint,
  least?: number,
): number | undefined {
  return monotonic(
    commits.filter(commit => commit.version <= version),
    least,
  ).at(-1)?.timestamp
}
