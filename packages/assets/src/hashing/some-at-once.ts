import { Slices } from '@spillway/core'

const FILES_AT_ONCE = 8
/** The time of smaller files is spent in waiting for their store. */
const LARGE_BYTES = 1024 ** 2

/** Large files one behind the other, as each is held in pieces; small ones beside them. */
export function sizesInTurn<File extends { readonly size: number }, Result>(
  work: (file: File) => Promise<Result>,
): (file: File) => Promise<Result> {
  let before: Promise<unknown> = Promise.resolve()
  return file => {
    if (file.size < LARGE_BYTES) return work(file)
    const working = before.then(() => work(file))
    before = working.catch(() => undefined)
    return working
  }
}

/**
 * Does `work` for some of the files at once, in their order, until it gives false or rejects for one: those that were begun come to their
 * end. In steps, as others are served meanwhile.
 */
export async function someAtOnce<File>(
  files: Generator<File>,
  work: (file: File) => Promise<boolean>,
): Promise<void> {
  const slices = new Slices()
  // Whoever leaves the files, leaves them for all.
  const lane = async () => {
    for (const file of files) {
      if (slices.isOver) await slices.pause()
      if (!(await work(file))) return
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: FILES_AT_ONCE }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
}
