import { readdir } from 'node:fs/promises'
import { isTableError, mapConcurrently, TableError } from '@spillway/core'
import { Destination, type Folder, fileAt, STATE_FOLDER } from './disk/destination.js'
import { digestOf } from './disk/file-digest.js'
import { isOurs } from './disk/reserved-names.js'
import { type KnownFile, KnownFiles } from './known-files.js'

export interface VerifyOptions {
  readonly onProgress?:
    | ((progress: { readonly bytes: number; readonly bytesDone: number }) => void)
    | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VerifiedDownload {
  /** `volume lake.kb.docs` */
  readonly asset: string
  /** Files that are as they were downloaded. */
  readonly same: number
  /** Of them, those whose digest the provider states as well. */
  readonly verified: number
  /** Those that are as they were downloaded, with the digests that were found. */
  readonly files: readonly Pick<KnownFile, 'path' | 'size' | 'sha256'>[]
  readonly missing: readonly string[]
  readonly different: readonly string[]
  /** What lies in the folder and no download made; links among them. */
  readonly extra: readonly string[]
}

/** Files read at once. */
const READ_AT_ONCE = 2

/** `verifyDownload` of the package's entry, which says what it does. */
export async function verifyDownload(
  folder: string,
  options: VerifyOptions = {},
): Promise<VerifiedDownload> {
  const destination = await Destination.open(folder, { create: false })
  const state = await destination?.folder(STATE_FOLDER, { create: false })
  try {
    if (destination === undefined || state === undefined) throw noDownload(folder)
    const { files: known, asset } = await KnownFiles.read(state)
    if (asset === undefined) throw noDownload(folder)
    const files = [...known.all]
    const states = await readAgain(files, destination, options)
    const of = (wanted: FileCheck) => files.filter((_, i) => states[i] === wanted)
    const paths = new Set(files.map(({ path }) => path))
    const extra: string[] = []
    for await (const path of entriesBelow(destination, '')) {
      if (!paths.has(path) && !isOurs(path)) extra.push(path)
    }
    return {
      asset,
      same: of('same').length,
      verified: of('same').filter(({ verified }) => verified).length,
      files: of('same')
        .map(({ path, size, sha256 }) => ({ path, size, sha256 }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
      missing: of('missing')
        .map(({ path }) => path)
        .sort(),
      different: of('different')
        .map(({ path }) => path)
        .sort(),
      extra: extra.sort(),
    }
  } finally {
    await state?.release()
    await destination?.close()
  }
}

type FileCheck = 'same' | 'missing' | 'different'

async function readAgain(
  files: readonly KnownFile[],
  destination: Destination,
  { onProgress, signal }: VerifyOptions,
): Promise<readonly FileCheck[]> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  let bytesDone = 0
  return mapConcurrently(files, READ_AT_ONCE, file =>
    check(file, destination, {
      signal,
      onBytes(count) {
        bytesDone += count
        onProgress?.({ bytes, bytesDone })
      },
    }),
  )
}

async function check(
  { path, size, sha256 }: KnownFile,
  destination: Destination,
  options: Parameters<typeof digestOf>[2],
): Promise<FileCheck> {
  let folder: Folder | undefined
  try {
    folder = await destination.folderOf(path, { create: false })
    if (folder === undefined) return 'missing'
    const found = await fileAt(folder, path)
    if (found === undefined) return 'missing'
    if (found.size !== size) return 'different'
    return (await digestOf(folder, path, options)) === sha256 ? 'same' : 'different'
  } catch (error) {
    // A link, or a folder, in the place of the file.
    if (isTableError(error) && error.code === 'CONFLICT') return 'different'
    throw error
  } finally {
    await folder?.release()
  }
}

/** Files and links below a folder. Links are not followed. */
async function* entriesBelow(destination: Destination, path: string): AsyncGenerator<string> {
  const folder = await destination.folder(path, { create: false })
  if (folder === undefined) return
  try {
    for (const entry of await readdir(folder.place('.'), { withFileTypes: true })) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      if (!entry.isDirectory()) yield below
      else if (below !== STATE_FOLDER) yield* entriesBelow(destination, below)
    }
  } finally {
    await folder.release()
  }
}

function noDownload(folder: string): TableError {
  return new TableError(
    'NOT_FOUND',
    `no download was made into ${JSON.stringify(folder)}: expected what spillway download left there`,
    { context: { path: folder } },
  )
}
