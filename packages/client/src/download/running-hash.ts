import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { HashWorker } from './hash-worker.js'

/** The SHA-256 of a file while its bytes come. */
export interface RunningHash {
  /** Bytes as they come, those of offset `at`. */
  feed(bytes: Uint8Array, at: number): void
  /** All bytes before `frontier` are in the file. */
  follow(frontier: number): void
  /** In lower-case hexadecimal, of all `size` bytes, which are all there. */
  digest(size: number): Promise<string>
  /** Begins again. */
  reset(): Promise<void>
  /** Until nothing reads the file any more. */
  idle(): Promise<void>
}

/** Of bytes that come in their order. */
export function inOrderHash(): RunningHash {
  let hash = createHash('sha256')
  return {
    feed: bytes => void hash.update(bytes),
    follow: () => undefined,
    digest: async () => hash.copy().digest('hex'),
    async reset() {
      hash = createHash('sha256')
    },
    idle: async () => undefined,
  }
}

/** Others go first after so many bytes. */
const STEP_BYTES = 32 * 1024 * 1024

/**
 * Of bytes that come in any order: read again from the file, which the system still has in memory, once all before them are
 * there.
 */
export function frontierHash(handle: FileHandle, worker: HashWorker): RunningHash {
  let file = worker.newFile()
  let [at, frontier] = [0, 0]
  let reading: Promise<void> | undefined
  let failure: unknown

  async function read(): Promise<void> {
    try {
      while (at < frontier) {
        const to = Math.min(frontier, at + STEP_BYTES)
        await worker.update(file, handle.fd, { from: at, to })
        at = to
      }
    } catch (error) {
      failure = error
    }
    reading = undefined
  }
  function follow(to: number): void {
    frontier = to
    if (reading === undefined && failure === undefined && at < to) reading = read()
  }
  async function idle(): Promise<void> {
    frontier = 0
    await reading
  }
  return {
    feed: () => undefined,
    follow,
    async digest(size) {
      for (follow(size); reading !== undefined; follow(size)) await reading
      if (failure !== undefined) throw failure
      return (await worker.digest(file)) ?? createHash('sha256').digest('hex')
    },
    async reset() {
      await idle()
      await worker.digest(file)
      file = worker.newFile()
      at = 0
    },
    idle,
  }
}
