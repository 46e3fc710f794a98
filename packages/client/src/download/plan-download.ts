import { pathFilter, requireSafePaths } from '@spillway/assets'
import { mapConcurrently, TableError } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { type Destination, fileAt } from './disk/destination.js'
import { digestOf } from './disk/file-digest.js'
import { isReserved } from './disk/reserved-names.js'
import { bootId } from './disk/this-process.js'
import type { DownloadedFile, DownloadOptions } from './download-options.js'
import type { KnownFile, KnownFiles } from './known-files.js'
import { isSameFile } from './signed-urls.js'

export interface Plan {
  /** Of every file that is wanted, in the order of the listing; those to be fetched have no outcome yet. */
  readonly files: readonly WireAssetFile[]
  readonly done: ReadonlyMap<string, DownloadedFile>
  readonly wanted: readonly WireAssetFile[]
}

export interface PlanningPlaces {
  /** Absent where the folder is not there yet. */
  readonly destination: Destination | undefined
  readonly known: KnownFiles
  readonly pin: string | undefined
  /** False where nothing may be written. */
  readonly isWriting: boolean
}

/** Files looked at on the disk at once. */
const LOOKED_AT = 16

/** What of a listing is to be fetched. Names that are not safe on every system, alone or together, are refused. */
export async function planDownload(
  listed: readonly WireAssetFile[],
  places: PlanningPlaces,
  options: Pick<DownloadOptions, 'include' | 'exclude' | 'force' | 'verify' | 'signal'>,
): Promise<Plan> {
  const { include, exclude } = options
  const isMeant = pathFilter({ include, exclude })
  const files = listed.filter(({ path }) => isMeant(path))
  const done = new Map<string, DownloadedFile>()
  for (const { path, size } of files) {
    if (isReserved(path)) done.set(path, { path, size, state: 'reserved', verified: false })
  }
  const ours = files.filter(({ path }) => !done.has(path))
  await requireSafePaths(ours.map(({ path }) => path))
  await mapConcurrently(ours, LOOKED_AT, async file => {
    const found = await unchanged(file, places, options)
    if (found !== undefined) done.set(file.path, found)
  })
  return { files, done, wanted: ours.filter(({ path }) => !done.has(path)) }
}

type Looking = Pick<DownloadOptions, 'force' | 'verify' | 'signal'>

/** The file, where the disk has it already as it is listed. */
async function unchanged(
  file: WireAssetFile,
  places: PlanningPlaces,
  options: Looking,
): Promise<DownloadedFile | undefined> {
  const { destination, known, pin } = places
  const record = known.get(file.path)
  if (record !== undefined && !options.force) refuseOtherOfPin(file, record, pin)
  const folder = await destination?.folderOf(file.path, { create: false })
  if (folder === undefined) return undefined
  try {
    const found = await fileAt(folder, file.path)
    if (found === undefined) return undefined
    const { size, mtimeMs } = found
    const isOurs = record !== undefined && isKnownFile(file, record)
    const isUntouched = isOurs && size === record.size && mtimeMs === record.mtimeMs
    const isBelieved = isUntouched && record.boot === bootId() && bootId() !== ''
    if (isBelieved && !options.verify) return doneFile(file, record.sha256)
    const expected = file.sha256 ?? (isOurs ? record.sha256 : undefined)
    if (expected !== undefined && size === file.size) {
      const sha256 = await digestOf(folder, file.path, { signal: options.signal })
      if (sha256 === expected) return await adopted(file, { sha256, mtimeMs }, places)
    }
    if (record === undefined && !options.force) throw foreign(file.path)
    return undefined
  } finally {
    await folder.release()
  }
}

async function adopted(
  file: WireAssetFile,
  { sha256, mtimeMs }: { readonly sha256: string; readonly mtimeMs: number },
  { known, pin, isWriting }: PlanningPlaces,
): Promise<DownloadedFile> {
  const { path, size, etag } = file
  const verified = file.sha256 !== undefined
  if (isWriting) {
    await known.record({ path, size, etag, sha256, verified, mtimeMs, pin, boot: bootId() })
  }
  return doneFile(file, sha256)
}

function doneFile({ path, size, sha256: stated }: WireAssetFile, sha256: string): DownloadedFile {
  return { path, size, state: 'unchanged', sha256, verified: stated === sha256 }
}

/** By digest where the provider states one, else by its strong tag. */
function isKnownFile(file: WireAssetFile, record: KnownFile): boolean {
  if (file.size !== record.size) return false
  if (file.sha256 !== undefined) return file.sha256 === record.sha256
  return file.etag?.startsWith('"') === true && file.etag === record.etag
}

/** What a version held once it holds for ever. */
function refuseOtherOfPin(file: WireAssetFile, record: KnownFile, pin: string | undefined): void {
  if (pin === undefined || record.pin !== pin) return
  if (isKnownFile(file, record) || (file.sha256 === undefined && isSameFile(file, record))) return
  throw new TableError(
    'CONFLICT',
    `${JSON.stringify(file.path)} of ${pin} is another file than was downloaded here: a version does not change; --force takes what the provider has now`,
    { context: { path: file.path } },
  )
}

function foreign(path: string): TableError {
  return new TableError(
    'CONFLICT',
    `${JSON.stringify(path)} lies in the folder already, and no download made it: choose another folder; --force replaces it`,
    { context: { path } },
  )
}
