import {
  type DataFile,
  type DeleteFile,
  mapConcurrently,
  type PositionDelete,
} from '@spillway/core'
import type { ExactRows } from '../recipient/exact-rows.js'

const CONCURRENT_READS = 4

/**
 * Position delete files that name several data files, some of which may be named so that nobody can tell which is meant:
 * each is looked at once, before the first file that it applies to is sent.
 */
export class WideDeletes {
  /** Files of a partition share the list of what applies to them. */
  readonly #files = new Map<readonly DeleteFile[], Pick<DataFile, 'recordedPath'>[]>()

  add({ recordedPath, deletes }: DataFile): void {
    if (!deletes.some(isWide)) return
    const files = this.#files.get(deletes) ?? []
    files.push({ recordedPath })
    this.#files.set(deletes, files)
  }

  /** Throws where a path that one of them names may mean a file that was added, or another. */
  async check({ snapshot, resolver }: ExactRows, signal?: AbortSignal): Promise<void> {
    const { checkPaths } = resolver ?? {}
    if (checkPaths === undefined) return
    const looks = [...this.#files].flatMap(([deletes, files]) =>
      deletes.filter(isWide).map(position => ({ position, files })),
    )
    await mapConcurrently(looks, CONCURRENT_READS, ({ position, files }) =>
      checkPaths(snapshot, position, files, signal),
    )
  }
}

function isWide(each: DeleteFile): each is PositionDelete {
  return each.kind === 'position-delete' && each.namesSeveral === true
}
