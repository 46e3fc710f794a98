import { createHash } from 'node:crypto'
import {
  type AssetFile,
  type AssetFolder,
  type ByteRange,
  type ErrorCode,
  isTableError,
  mapConcurrently,
  type ObjectStore,
  type SkillContents,
  type SkillFile,
  TableError,
  untilAborted,
} from '@spillway/core'
import { filesArchive } from '../archive/files-archive.js'
import { createManifest } from '../manifest/manifest.js'
import { findSkillFile } from '../skills/skill-file.js'
import { deniedOfListed } from './denied.js'
import type { FolderListing } from './folder-listing.js'
import { folderStore } from './folder-store.js'
import { listFolder } from './list-folder.js'
import { skillFacts } from './skill-files.js'
import { Turns } from './turns.js'

/** What every host of agents takes of one skill (SEP-2640, "Limits"). */
const MAX_FILES = 512
const MAX_BYTES = 16 * 1024 ** 2
const READ_AT_ONCE = 8
/** Skills that are read whole at a time: each holds its bytes. */
const AT_ONCE = 2
const MAX_KNOWN = 10_000
/** A folder that is written to is looked at again, so often. */
const ATTEMPTS = 3

interface Known {
  readonly snapshotId: string
  readonly contents: Promise<SkillContents>
}

/** Skills with the digest of every file: read once for each state of their folders. */
export class SkillPackages {
  readonly #store: ObjectStore
  readonly #list: (folder: AssetFolder, signal?: AbortSignal) => Promise<FolderListing>
  readonly #known = new Map<string, Known>()
  readonly #turns = new Turns(AT_ONCE)

  constructor(
    store: ObjectStore,
    list: (folder: AssetFolder, signal?: AbortSignal) => Promise<FolderListing>,
  ) {
    this.#store = store
    this.#list = list
  }

  /** One reading for all who ask, so it ends with none of them. */
  async contents(folder: AssetFolder, name: string, signal?: AbortSignal): Promise<SkillContents> {
    const listing = await this.#list(folder, signal)
    const key = JSON.stringify([folder.location, folder.within, name])
    const known = this.#known.get(key)
    if (known?.snapshotId === listing.id) return untilAborted(known.contents, signal)
    const contents = this.#turns.take(() => this.#read(folder, { name, listing }))
    const entry = { snapshotId: listing.id, contents }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, entry)
    contents.catch(error => {
      if (!isOfTheFiles(error) && this.#known.get(key) === entry) this.#known.delete(key)
    })
    return untilAborted(contents, signal)
  }

  async #read(
    folder: AssetFolder,
    of: { readonly name: string; readonly listing: FolderListing },
  ): Promise<SkillContents> {
    let { listing } = of
    for (let attempt = 1; ; attempt++) {
      try {
        return await readSkillWhole(folder, { ...of, listing, store: this.#store })
      } catch (error) {
        const hasChanged = isTableError(error) && error.code === 'CONFLICT'
        if (!hasChanged || attempt === ATTEMPTS) throw error
        listing = await listFolder(folder, { store: this.#store, maxFiles: MAX_FILES * 2 })
      }
    }
  }
}

/** What a skill's writer has to mend stays so until the folder changes; that storage refuses may end without that. */
function isOfTheFiles(error: unknown): boolean {
  return isTableError(error) && OF_THE_FILES.includes(error.code)
}

const OF_THE_FILES: readonly ErrorCode[] = ['NOT_FOUND', 'TABLE_CORRUPT', 'UNSUPPORTED_FEATURE']

/** Files of a skill as it is listed; what a download of it left for itself is none of it. */
function filesOf(listing: FolderListing, name: string): readonly AssetFile[] {
  const files: AssetFile[] = []
  let bytes = 0
  for (let i = 0; i < listing.length; i++) {
    const file = listing.file(i)
    if (file.path.startsWith('.spillway/')) continue
    files.push(file)
    bytes += file.size
    if (files.length > MAX_FILES || bytes > MAX_BYTES) throw tooLarge(name)
  }
  return files
}

async function readSkillWhole(
  folder: AssetFolder,
  {
    name,
    listing,
    store,
  }: { readonly name: string; readonly listing: FolderListing; readonly store: ObjectStore },
): Promise<SkillContents> {
  const files = filesOf(listing, name)
  const main = findSkillFile(files.map(({ path }) => path))
  if (main === undefined) {
    throw new TableError('NOT_FOUND', `the folder of the skill ${name} has no SKILL.md`, {
      context: { path: folder.location },
    })
  }
  const fenced = folderStore(store, folder)
  const read = await mapConcurrently(files, READ_AT_ONCE, async file => {
    const bytes = await bytesOf(fenced, folder, file)
    return { path: file.path, size: file.size, bytes, sha256: sha256Of(bytes) }
  })
  const facts = skillFacts(read.find(({ path }) => path === main)!.bytes, {
    name,
    path: folder.location + main,
  })
  // Names that are not safe everywhere are refused: a skill is written to the disks of its users.
  const { entries } = await createManifest(read)
  return { facts, files: entries, artifact: await artifactOf(read) }
}

interface ReadFile extends SkillFile {
  readonly bytes: Uint8Array
}

async function artifactOf(files: readonly ReadFile[]): Promise<SkillContents['artifact']> {
  const [first] = files
  if (files.length === 1) return { type: 'skill-md', size: first!.size, sha256: first!.sha256 }
  const hash = createHash('sha256')
  let size = 0
  const archived = files.map(({ bytes, ...file }) => ({ ...file, read: async () => bytes }))
  for await (const part of filesArchive(archived)) {
    hash.update(part)
    size += part.length
  }
  return { type: 'archive', size, sha256: hash.digest('hex') }
}

/** What `contents` says is the artifact of a skill, a file at a time; ends with `CONFLICT` where a file is another by now. */
export async function* skillArtifact(
  store: ObjectStore,
  { folder, contents }: { readonly folder: AssetFolder; readonly contents: SkillContents },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const fenced = folderStore(store, folder)
  const files = contents.files.map(file => ({
    ...file,
    async read() {
      const range = rangeOf(file)
      const found = await fenced.get(folder.location + file.path, { range, signal })
      if (found !== undefined && sha256Of(found.bytes) === file.sha256) return found.bytes
      throw changed(file.path)
    },
  }))
  if (contents.artifact.type === 'skill-md') yield await files[0]!.read()
  else yield* filesArchive(files)
}

async function bytesOf(
  store: ObjectStore,
  { location }: AssetFolder,
  { path, size, etag }: AssetFile,
): Promise<Uint8Array> {
  const range = rangeOf({ size })
  const found = await store.get(location + path, { range }).catch(error => {
    throw deniedOfListed(error, location)
  })
  if (found === undefined || found.meta.size !== size || found.meta.etag !== etag) {
    throw changed(path)
  }
  return found.bytes
}

/** One byte more than there were: a file that has grown is told by it, however much it holds now. */
function rangeOf({ size }: Pick<AssetFile, 'size'>): ByteRange {
  return { start: 0, end: size + 1 }
}

function changed(path: string): TableError {
  return new TableError('CONFLICT', `the file ${path} of the skill changed while it was read`, {
    retryable: true,
  })
}

function tooLarge(name: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the skill ${name} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes, which is what agents take: its files can be downloaded one by one`,
    { context: { feature: 'skills as a whole' } },
  )
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
