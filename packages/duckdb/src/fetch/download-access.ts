import { join } from 'node:path'
import { mapConcurrently } from '@spillway/core'
import { believedShapes, type Connection } from '@spillway/rows'
import type { SharedFile } from '../share/open-scan.js'
import { requestsFor } from './byte-ranges.js'
import type { DiskBudget } from './disk-budget.js'
import type { AccessRequest, FileAccess } from './file-access.js'
import { createLocalFile } from './local-file.js'

/** What every way of copying needs. */
export interface CopyContext {
  /** A session of ours, to look at files with. */
  readonly session: Connection
  readonly folder: string
  readonly budget: DiskBudget
  readonly concurrency: number
}

/** Whole files, each asked for once. */
export function downloadAccess(context: CopyContext): FileAccess {
  let names = 0
  return {
    async open(request) {
      const releases: (() => unknown)[] = []
      const close = async () => {
        for (const release of releases.splice(0)) await release()
      }
      try {
        const paths = await mapConcurrently(request.files, context.concurrency, async shared => {
          releases.push(context.budget.take(shared.file.size))
          const path = join(context.folder, `${names++}.parquet`)
          const file = await download(shared, path, request)
          releases.push(() => file.remove())
          return path
        })
        const shapes = await believedShapes(context.session, paths, {
          signal: request.signal,
        })
        return { paths, shapes, ...wholeFiles(shapes, paths.length), close }
      } catch (error) {
        await close()
        throw error
      }
    },
    async close() {
      // Nothing is kept between queries.
    },
  }
}

/** Row counts by file; every row is there. */
export function wholeFiles(
  shapes: readonly { readonly files: readonly number[]; readonly rowCounts: readonly number[] }[],
  count: number,
) {
  const rowCounts = new Array<number>(count).fill(0)
  for (const { files, rowCounts: rows } of shapes) {
    for (const [i, file] of files.entries()) rowCounts[file] = rows[i]!
  }
  return { rowCounts, runs: rowCounts.map(rows => [{ start: 0, count: rows }]) }
}

async function download(shared: SharedFile, path: string, { reader, signal }: AccessRequest) {
  const { size } = shared.file
  const file = await createLocalFile(path, size)
  try {
    const object = { key: shared.key, size }
    await Promise.all(
      requestsFor([{ start: 0, end: size }]).map(range =>
        reader.read(object, range, file.take, signal),
      ),
    )
    await file.close()
    return file
  } catch (error) {
    await file.remove()
    throw error
  }
}
