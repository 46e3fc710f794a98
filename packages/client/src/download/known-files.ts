import { createHash } from 'node:crypto'
import { type FileHandle, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pathFault } from '@spillway/assets'
import { TableError, type WritableJson } from '@spillway/core'
import type { JsonObject } from '@spillway/protocol/wire'
import { checkedLine, readCheckedLines } from './disk/checked-lines.js'
import { type Folder, STATE_FOLDER } from './disk/destination.js'
import { openOwn, readOwn, writeOwn } from './disk/own-file.js'
import { isReserved } from './disk/reserved-names.js'

/** A file that a download has made, as it was then. */
export interface KnownFile {
  readonly path: string
  readonly size: number
  /** Of the bytes that were written. */
  readonly sha256: string
  readonly etag?: string | undefined
  /** The provider stated the same digest. */
  readonly verified: boolean
  /** When its bytes were last written, in epoch milliseconds, as the disk has it. */
  readonly mtimeMs: number
  /** What it was pinned to: `model@3`, a `snapshotId`. */
  readonly pin?: string | undefined
  /** The run of the machine in which it was written: its bytes may not have reached the disk before the next. */
  readonly boot: string
}

/** Of which asset a folder holds files: `volume lake.kb.docs`. */
type AssetText = string

const FILES_NAME = 'files'
const FILES_PATH = `${STATE_FOLDER}/${FILES_NAME}`
/** Some million lines. */
const MAX_BYTES = 1024 ** 3

/** The files that downloads have put into a folder, as lines that are appended; later ones replace earlier ones. */
export class KnownFiles {
  readonly #files: Map<string, KnownFile>
  /** Folders in which files were begun since a download was last complete. */
  readonly #begun: Set<string>
  readonly #handle: FileHandle | undefined
  #writes: Promise<unknown> = Promise.resolve()
  #end: number

  private constructor(
    { files, begun }: Pick<Loaded, 'files' | 'begun'>,
    handle: FileHandle | undefined,
    end: number,
  ) {
    this.#files = files
    this.#begun = begun
    this.#handle = handle
    this.#end = end
  }

  /** To be read alone. */
  static async read(
    folder: Folder | undefined,
  ): Promise<{ readonly files: KnownFiles; readonly asset: AssetText | undefined }> {
    const found = await load(folder)
    return { asset: found.asset, files: new KnownFiles(found, undefined, 0) }
  }

  /** To be written: a folder holds one asset's files. */
  static async open(folder: Folder, asset: AssetText): Promise<KnownFiles> {
    const found = await load(folder)
    refuseOther(found.asset, asset)
    // As few lines as files, and none that was torn. What is renamed into place is whole.
    const lines = [{ asset }, ...foldersBegun(found.begun), ...found.files.values()]
    const text = lines.map(each => checkedLine({ ...each })).join('')
    await writeOwn(folder.place(`${FILES_NAME}.new`), `${FILES_PATH}.new`, text)
    await rename(folder.place(`${FILES_NAME}.new`), folder.place(FILES_NAME))
    const handle = await openOwn(folder.place(FILES_NAME), FILES_PATH)
    return new KnownFiles(found, handle, Buffer.byteLength(text))
  }

  get(path: string): KnownFile | undefined {
    return this.#files.get(path)
  }

  get all(): Iterable<KnownFile> {
    return this.#files.values()
  }

  /** Before the file gets its name: what has it is known. */
  record(file: KnownFile): Promise<void> {
    this.#files.set(file.path, file)
    return this.#append({ ...file })
  }

  /** Before the unfinished file is made: whoever comes after a kill knows where to look for it. */
  async begin(path: string): Promise<void> {
    const begun = dirname(path)
    if (this.#begun.has(begun)) return
    this.#begun.add(begun)
    await this.#append({ begun })
  }

  get begun(): Iterable<string> {
    return this.#begun
  }

  /** Nothing unfinished is left anywhere. */
  async settle(): Promise<void> {
    if (this.#begun.size === 0) return
    this.#begun.clear()
    await this.#append({ settled: true })
  }

  #append(value: WritableJson): Promise<void> {
    const line = Buffer.from(checkedLine(value))
    const write = this.#writes.then(async () => {
      const { bytesWritten } = await this.#handle!.write(line, 0, line.length, this.#end)
      if (bytesWritten < line.length) {
        throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'write' })
      }
      this.#end += line.length
    })
    this.#writes = write.catch(() => undefined)
    return write
  }

  async close(): Promise<void> {
    await this.#writes
    await this.#handle?.close()
  }
}

interface Loaded {
  readonly asset: AssetText | undefined
  readonly files: Map<string, KnownFile>
  readonly begun: Set<string>
}

async function load(folder: Folder | undefined): Promise<Loaded> {
  const files = new Map<string, KnownFile>()
  const begun = new Set<string>()
  if (folder === undefined) return { asset: undefined, files, begun }
  const place = folder.place(FILES_NAME)
  const bytes = await readOwn(place, { path: FILES_PATH, maxBytes: MAX_BYTES })
  const [first, ...lines] = bytes === undefined ? [] : readCheckedLines(bytes).values
  for (const line of lines) {
    const file = knownFile(line)
    if (file !== undefined) files.set(file.path, file)
    else if (line.settled === true) begun.clear()
    else if (typeof line.begun === 'string') begun.add(madeHere(line.begun))
  }
  return { asset: typeof first?.asset === 'string' ? first.asset : undefined, files, begun }
}

function foldersBegun(begun: Iterable<string>): readonly { readonly begun: string }[] {
  return [...begun].map(each => ({ begun: each }))
}

function knownFile(line: JsonObject): KnownFile | undefined {
  const { path, size, sha256, etag, verified, mtimeMs, pin, boot } = line
  if (typeof path !== 'string' || typeof size !== 'number') return undefined
  if (typeof sha256 !== 'string' || typeof mtimeMs !== 'number') return undefined
  return {
    path: madeHere(path),
    size,
    sha256,
    mtimeMs,
    verified: verified === true,
    boot: String(boot ?? ''),
    ...(typeof etag === 'string' && { etag }),
    ...(typeof pin === 'string' && { pin }),
  }
}

/** Names are held to what names of servers are: whoever gave the folder away may have written these lines. */
function madeHere(path: string): string {
  if (path === '.' || (pathFault(path) === undefined && !isReserved(path))) return path
  throw new TableError(
    'CONFLICT',
    `${FILES_PATH} names ${JSON.stringify(path.slice(0, 300))}, which no download makes: somebody else wrote it; remove ${STATE_FOLDER}`,
    { context: { path: path.slice(0, 300) } },
  )
}

export function refuseOther(found: AssetText | undefined, asset: AssetText): void {
  if (found === undefined || found === asset) return
  throw new TableError(
    'CONFLICT',
    `the folder holds a download of ${found}: choose another folder for ${asset}`,
  )
}

/** The name of what belongs to an unfinished file: short, whatever its own is. */
export function partName(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 24)
}
