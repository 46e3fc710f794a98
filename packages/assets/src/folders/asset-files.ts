import {
  type AssetFile,
  type AssetFiles,
  type AssetFolder,
  type FileMismatch,
  mapConcurrently,
  type ObjectStore,
  type SignedAssetFile,
  TableError,
  type UrlSigner,
} from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import { ToldDenied } from './denied.js'
import { filePathFault } from './file-path.js'
import { FolderListings, type ListingOptions } from './folder-listings.js'
import { folderStore } from './folder-store.js'
import { mediaTypeOf } from './media-type.js'
import { SkillPackages, skillArtifact } from './skill-contents.js'
import { SkillFiles } from './skill-files.js'

export interface AssetFilesOptions extends ListingOptions {
  /** The first that covers a path signs it. */
  readonly signers: readonly UrlSigner[]
  /** What is known of the bytes of files. */
  readonly digests?: FileDigests | undefined
  readonly clock?: () => number
}

export interface FileDigests {
  /** Lower-case hexadecimal SHA-256 of a file as it is listed; undefined where it is not known. */
  hashOf(folder: AssetFolder, file: AssetFile): string | undefined
  /** True where the file is read again, as somebody got other bytes than were stated. */
  doubt?(folder: AssetFolder, mismatch: FileMismatch): boolean
}

/** Files looked at by themselves at once, for one request. */
const LOOKED_AT = 16

/** Lists and signs the files of assets, from stores and with signers that whoever composes has. */
export function createAssetFiles(options: AssetFilesOptions): AssetFiles {
  const { store, signers, digests, clock = Date.now } = options
  const described = (folder: AssetFolder, file: AssetFile): AssetFile => {
    // What was read here goes before what its store says of it.
    const sha256 = digests?.hashOf(folder, file) ?? file.sha256
    return { ...file, sha256, mediaType: mediaTypeOf(file.path) }
  }
  const listings = new FolderListings(options)
  const skills = new SkillFiles(store)
  const [toldOfSkills, toldOfPackages] = [
    new ToldDenied(options.onError),
    new ToldDenied(options.onError),
  ]
  const packages = new SkillPackages(store, (folder, signal) => listings.now(folder, signal))
  return {
    async list(folder, { maxResults, prefix = '', from, asker, signal }) {
      const page = await listings.page(folder, { maxResults, prefix, from, asker }, signal)
      return { ...page, files: page.files.map(file => described(folder, file)) }
    },
    async sign(folder, paths, { expiresInSeconds, audience, signal }) {
      for (const path of paths) checkPath(path)
      const fenced = folderStore(store, folder)
      const found = await mapConcurrently(paths, LOOKED_AT, path =>
        fileNow(fenced, { folder, path, signal }),
      )
      const signing = {
        expiresInSeconds,
        now: clock(),
        audience,
        within: [folder.within ?? folder.location],
        signal,
      }
      const known = found.map(file => described(folder, file))
      return signAll(known, { folder, signers, signing })
    },
    readSkill: (folder, name, signal) => toldOfSkills.of(folder, skills.read(folder, name, signal)),
    doubt(folder, mismatch) {
      checkPath(mismatch.path)
      return digests?.doubt?.(folder, mismatch) ?? false
    },
    skillContents: (folder, name, signal) =>
      toldOfPackages.of(folder, packages.contents(folder, name, signal)),
    skillArtifact: (folder, contents, signal) => skillArtifact(store, { folder, contents }, signal),
    async readFile(folder, path, { maxBytes, signal }) {
      checkPath(path)
      const fenced = folderStore(store, folder)
      const { size } = await fileNow(fenced, { folder, path, signal })
      if (size > maxBytes) throw tooLarge(path, { size, maxBytes })
      const range = { start: 0, end: maxBytes + 1 }
      const found = await fenced.get(folder.location + path, { range, signal })
      if (found === undefined) throw notThere(path)
      if (found.meta.size > maxBytes) throw tooLarge(path, { size: found.meta.size, maxBytes })
      return found.bytes
    },
  }
}

/** What a listing says is a path below the folder; anything else was made up by whoever asks. */
function checkPath(path: string): void {
  const fault = filePathFault(path)
  if (fault === undefined) return
  throw new TableError(
    'INVALID_REQUEST',
    `expected the path of a file as it is listed, found ${quotedName(path)}, which ${fault}`,
  )
}

async function fileNow(
  store: ObjectStore,
  {
    folder,
    path,
    signal,
  }: {
    readonly folder: AssetFolder
    readonly path: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<AssetFile> {
  const found = await store.head(folder.location + path, signal)
  if (found === undefined) throw notThere(path)
  const { size, lastModified, etag, sha256 } = found
  return { path, size, lastModified, etag, sha256 }
}

function notThere(path: string): TableError {
  const shown = JSON.stringify(path.slice(0, 255))
  return new TableError('NOT_FOUND', `there is no file ${shown} any more: list the files again`)
}

function tooLarge(
  path: string,
  { size, maxBytes }: { readonly size: number; readonly maxBytes: number },
): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${JSON.stringify(path.slice(0, 255))} has ${size} bytes, and at most ${maxBytes} are read whole: fetch it by its signed URL`,
    { context: { feature: 'size of a file' } },
  )
}

async function signAll(
  files: readonly AssetFile[],
  {
    folder,
    signers,
    signing,
  }: {
    readonly folder: AssetFolder
    readonly signers: readonly UrlSigner[]
    readonly signing: Parameters<UrlSigner['sign']>[1]
  },
): Promise<readonly SignedAssetFile[]> {
  const all = files.map(({ path }) => folder.location + path)
  const signer = signers.find(each => all.every(path => each.covers(path)))
  if (signer === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      "the files lie in storage that the provider's configuration has no signer for; ask your provider",
      { context: { feature: 'signing', path: folder.location } },
    )
  }
  const { urls, expiresAt } = await signer.sign(all, signing)
  return files.map((file, i) => ({ ...file, url: urls[i]!, expiresAt }))
}
