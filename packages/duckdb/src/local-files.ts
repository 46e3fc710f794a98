import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  mapConcurrently,
  type ObjectStore,
  readListed,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { scratchFolder } from './scratch-folder.js'

export interface RemoteFile {
  readonly path: string
  readonly size: number
}

/** Stored files as paths that DuckDB can open: local ones as they are, others copied into a temporary folder. */
export interface LocalFiles {
  pathsOf(files: readonly RemoteFile[], signal?: AbortSignal): Promise<readonly string[]>
  /** A new path in the temporary folder. */
  scratch(extension: string): Promise<string>
  /** Removes what was copied. */
  close(): Promise<void>
}

export interface LocalFilesOptions {
  /** Most bytes copied before `close`; the default is 8 GiB. */
  readonly maxBytes?: number
  readonly folder?: string
}

const PART_BYTES = 16 * 1024 * 1024
const AT_ONCE = 8

export function localFiles(store: ObjectStore, options: LocalFilesOptions = {}): LocalFiles {
  const maxBytes = options.maxBytes ?? 8 * 1024 ** 3
  const copies = new Map<string, Promise<string>>()
  let folder: Promise<string> | undefined
  let copied = 0
  let names = 0

  async function scratch(extension: string): Promise<string> {
    folder ??= scratchFolder(options.folder)
    return join(await folder, `${names++}.${extension}`)
  }

  async function pathOf(file: RemoteFile, signal?: AbortSignal): Promise<string> {
    const local = diskPath(file.path)
    // Asking the store also asks whether it allows the path: a table's metadata may name any file of this machine.
    const meta = await store.head(file.path, signal)
    if (meta === undefined) throw missing(file.path)
    if (local !== undefined) return local
    const known = copies.get(file.path)
    if (known !== undefined) return known
    copied += meta.size
    if (copied > maxBytes) throw tooMuch(maxBytes)
    const copy = scratch('parquet').then(to =>
      download(store, { path: file.path, size: meta.size }, to, signal),
    )
    copies.set(file.path, copy)
    return copy
  }

  return {
    pathsOf: (files, signal) => mapConcurrently(files, AT_ONCE, file => pathOf(file, signal)),
    scratch,
    async close() {
      await Promise.allSettled(copies.values())
      copies.clear()
      copied = 0
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true })
      folder = undefined
    },
  }
}

/** The path of a `file:` URI or of an absolute path; names are raw, as in every store. */
export function diskPath(uri: string): string | undefined {
  if (uri.startsWith('/')) return uri
  const match = /^file:(?:\/\/(?:localhost)?)?(\/.*)$/is.exec(uri)
  return match?.[1]
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
  return new TableError('TABLE_CORRUPT', 'the table names a file that is not there', {
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
