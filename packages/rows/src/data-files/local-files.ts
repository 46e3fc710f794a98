import { createWriteStream } from 'node:fs'
import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type LocalObject,
  mapConcurrently,
  type ObjectStore,
  readListed,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { scratchFolder } from '../session/scratch-folder.js'

interface RemoteFile {
  readonly path: string
  readonly size: number
}

/**
 * Stored files as paths that DuckDB can open: local ones as the store has opened them, so that no other file can take
 * their place meanwhile, others copied into a temporary folder.
 */
export interface LocalFiles {
  pathsOf(files: readonly RemoteFile[], signal?: AbortSignal): Promise<readonly string[]>
  /** A new path in the temporary folder. */
  scratch(extension: string): Promise<string>
  /** Removes what was copied and lets go of what was opened. */
  close(): Promise<void>
}

export interface LocalFilesOptions {
  /** Most bytes copied before `close`; the default is 8 GiB. */
  readonly maxBytes?: number | undefined
  readonly folder?: string | undefined
}

const PART_BYTES = 16 * 1024 * 1024
const AT_ONCE = 8
/** Names of open files on Linux. */
const OPEN_FILES = '/proc/self/fd/'

export function localFiles(store: ObjectStore, options: LocalFilesOptions = {}): LocalFiles {
  const maxBytes = options.maxBytes ?? 8 * 1024 ** 3
  const paths = new Map<string, Promise<string>>()
  const opened: LocalObject[] = []
  let folder: Promise<string> | undefined
  let copied = 0
  let names = 0

  async function scratch(extension: string): Promise<string> {
    folder ??= scratchFolder(options.folder)
    return join(await folder, `${names++}.${extension}`)
  }

  /** A name for an open file that nobody else has: what DuckDB remembers of names is never another file's. */
  async function nameFor(open: LocalObject): Promise<string> {
    if (!open.path.startsWith(OPEN_FILES)) return open.path
    const name = await scratch('parquet')
    await symlink(open.path, name)
    return name
  }

  async function openedPath(path: string, signal?: AbortSignal): Promise<string | undefined> {
    const open = await store.openLocal?.(path, signal)
    if (open === undefined) return undefined
    opened.push(open)
    return nameFor(open)
  }

  async function copiedPath(file: RemoteFile, signal?: AbortSignal): Promise<string> {
    const meta = await store.head(file.path, signal)
    if (meta === undefined) throw missing(file.path)
    copied += meta.size
    if (copied > maxBytes) throw tooMuch(maxBytes)
    const to = await scratch('parquet')
    return download(store, { path: file.path, size: meta.size }, to, signal)
  }

  function pathOf(file: RemoteFile, signal?: AbortSignal): Promise<string> {
    const known = paths.get(file.path)
    if (known !== undefined) return known
    // The store that opens a file is the one that decides whether the table may have it.
    const path = openedPath(file.path, signal).then(found => found ?? copiedPath(file, signal))
    paths.set(file.path, path)
    return path
  }

  return {
    pathsOf: (files, signal) => mapConcurrently(files, AT_ONCE, file => pathOf(file, signal)),
    scratch,
    async close() {
      await Promise.allSettled(paths.values())
      paths.clear()
      copied = 0
      await Promise.all(opened.splice(0).map(open => open.close()))
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true })
      folder = undefined
    },
  }
}

async function download(
  store: ObjectStore,
  file: RemoteFile,
  to: string,
  signal?: AbortSignal,
): Promise<string> {
  await pipeline(Readable.from(parts(store, file, signal)), createWriteStream(to, { mode: 0o600 }))
  return to
}

async function* parts(
  store: ObjectStore,
  { path, size }: RemoteFile,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < size; start += PART_BYTES) {
    throwIfCancelled(signal)
    const range = { start, end: Math.min(size, start + PART_BYTES) }
    // A part that came short would put all that follows it in the wrong place.
    const part = await readListed(store, { path, size }, { range, signal })
    if (part === undefined) throw missing(path)
    yield part
  }
}

function missing(path: string): TableError {
  return new TableError('TABLE_CORRUPT', 'a file that the table lists does not exist', {
    context: { path },
  })
}

function tooMuch(maxBytes: number): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `reading these rows would copy more than ${maxBytes} bytes to this machine; narrow the predicate, or raise the limit`,
    { context: { maxBytes } },
  )
}
