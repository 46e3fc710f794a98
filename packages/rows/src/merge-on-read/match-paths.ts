import type { DataFile, PositionDelete } from '@spillway/core'

type Named = Pick<DataFile, 'recordedPath'>

/**
 * Which of `files`, by index, each path of a position delete file means. The table's reader knows, since it knows the
 * files that were not asked about too; for one that leaves it out, paths are compared byte for byte.
 */
export async function matchDeletePaths(
  { match }: PositionDelete,
  paths: readonly string[],
  {
    files,
    signal,
  }: { readonly files: readonly Named[]; readonly signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, readonly number[]>> {
  return match === undefined ? byRecordedPath(paths, files) : match(paths, files, signal)
}

function byRecordedPath(
  paths: readonly string[],
  files: readonly Named[],
): ReadonlyMap<string, readonly number[]> {
  const indexes = new Map<string, number[]>()
  for (const [i, { recordedPath }] of files.entries()) {
    const known = indexes.get(recordedPath)
    if (known === undefined) indexes.set(recordedPath, [i])
    else known.push(i)
  }
  return new Map(
    paths.flatMap(path => {
      const found = indexes.get(path)
      return found === undefined ? [] : [[path, found] as const]
    }),
  )
}
