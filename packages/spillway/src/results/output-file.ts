import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, link, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { TableError } from '@spillway/core'
import { writeChunk } from '../terminal/terminal.js'
import type { Sink } from './write-result.js'

/**
 * Lets `work` write a file beside `path` and gives it that name once it is whole: whoever finds a file finds all of it.
 * What is there already stays unless `force`, and so it does when the work fails.
 */
export async function writeWholeFile<Result>(
  path: string,
  { force }: { readonly force: boolean },
  work: (temporaryPath: string) => Promise<Result>,
): Promise<Result> {
  if (!force && (await exists(path))) throw taken(path)
  const unfinished = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString('hex')}.unfinished`,
  )
  try {
    const result = await work(unfinished)
    await flush(unfinished)
    await (force ? rename(unfinished, path) : renameToFree(unfinished, path))
    return result
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** The same through a stream of chunks. */
export function streamToFile<Result>(
  path: string,
  options: { readonly force: boolean },
  work: (sink: Sink) => Promise<Result>,
): Promise<Result> {
  return writeWholeFile(path, options, async unfinished => {
    const stream = createWriteStream(unfinished, { flags: 'wx' })
    // A failing disk ends the write that waits for it; nobody else need hear of it.
    const ended = finished(stream)
    ended.catch(() => undefined)
    try {
      const result = await Promise.race([
        work(chunk => writeChunk(stream, chunk)),
        ended.then(() => Promise.reject(new Error('the file was closed before its end'))),
      ])
      stream.end()
      await ended
      return result
    } finally {
      stream.destroy()
    }
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Data before the name: a crash must not leave a name without its data. */
async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A link fails where the name was taken meanwhile, which a rename would overwrite; not every disk has links. */
async function renameToFree(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken(to)
    await rename(from, to)
  }
}

function taken(path: string): TableError {
  return new TableError('CONFLICT', `${path} exists already; --force replaces it`, {
    context: { path },
  })
}

function fileError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  const reason =
    code === 'ENOENT' ? 'its folder does not exist' : code === 'ENOSPC' ? 'the disk is full' : code
  return new TableError('INVALID_REQUEST', `${path} cannot be written: ${reason}`, {
    context: { path },
    cause: error,
  })
}
