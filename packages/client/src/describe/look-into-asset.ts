import {
  findPickle,
  pickleByName,
  readMlModel,
  readSafetensorsHeader,
  readSkill,
  unsafeFlavors,
} from '@spillway/assets'
import { isTableError, mapConcurrently } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient, FoundAsset } from '../assets/asset-client.js'
import { folderText, parseAssetName, type VersionedName } from '../assets/asset-name.js'
import { type FileListing, listFolder } from '../assets/folder-listing.js'
import { contentDigest, requirePinned } from '../assets/pinned-content.js'
import type {
  AssetDescription,
  DescribeAssetOptions,
  DescribedMlModel,
  DescribedPickle,
  DescribedSkill,
  DescribedWeights,
  FileFault,
} from './asset-description.js'
import { describeSignature } from './describe-signature.js'
import { type PickedFiles, pickFiles } from './pick-files.js'
import { RemoteReads } from './remote-reads.js'
import { describeIndex } from './shard-faults.js'

const TOP = 20
const MAX_FILES = 256
const MAX_BYTES = 64 * 1024 * 1024
/** The longest that their readers take. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024
const MAX_LIST_BYTES = 64 * 1024 * 1024
/** Files that are looked into at once. */
const LOOKED_AT = 8

/** `describeAsset`, of what it loads. */
export async function lookIntoAsset(
  client: AssetClient,
  name: string | VersionedName,
  options: DescribeAssetOptions,
): Promise<AssetDescription> {
  const { kind, maxFiles = MAX_FILES, maxBytes = MAX_BYTES, signal } = options
  const asked = typeof name === 'string' ? parseAssetName(name) : name
  const found = await client.asset(asked, { kind, signal })
  const listing = await listFolder(client, found.folder, { signal })
  await requirePinned(found, listing)
  const { files } = listing
  const picked = pickFiles(files, { kind: found.kind, maxFiles })
  const reads = new RemoteReads({
    client,
    folder: found.folder,
    files: [picked.mlModel, picked.skill, picked.signature]
      .filter(file => file !== undefined)
      .concat(picked.indexes, picked.weights, picked.pickles),
    maxBytes,
    signal: signal ?? new AbortController().signal,
  })
  const faults: FileFault[] = []
  const told = await lookInto(picked, { files, found, look: looking(reads, faults) })
  return { ...factsOf(found, listing, options), ...(await digestFact(files)), ...told, faults }
}

function factsOf(
  found: FoundAsset,
  { files, snapshotId }: FileListing,
  { top = TOP }: DescribeAssetOptions,
) {
  const bySize = [...files].sort((a, b) => b.size - a.size)
  return {
    found,
    name: folderText(found.folder),
    snapshotId,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    digested: files.filter(({ sha256 }) => sha256 !== undefined).length,
    largest: bySize.slice(0, top).map(({ path, size }) => ({ path, size })),
  }
}

/** Names that are not safe on every system have no manifest, and are told by whoever downloads them. */
async function digestFact(
  files: readonly WireAssetFile[],
): Promise<Pick<AssetDescription, 'digest'>> {
  const digest = await contentDigest(files).catch(error => {
    if (isTableError(error) && error.code === 'INVALID_REQUEST') return undefined
    throw error
  })
  return digest === undefined ? {} : { digest }
}

type Look = <T>(
  file: WireAssetFile | undefined,
  into: (file: WireAssetFile, reads: RemoteReads) => Promise<T>,
) => Promise<T | undefined>

/** Looks into a file; why it cannot is kept, and is no reason to end. */
function looking(reads: RemoteReads, faults: FileFault[]): Look {
  return async (file, into) => {
    if (file === undefined) return undefined
    try {
      return await into(file, reads)
    } catch (error) {
      if (!isTableError(error) || error.code === 'CANCELLED') throw error
      faults.push({ path: file.path, code: error.code, message: error.message })
      return undefined
    }
  }
}

interface Around {
  readonly files: readonly WireAssetFile[]
  readonly found: FoundAsset
  readonly look: Look
}

async function lookInto(picked: PickedFiles, { files, found, look }: Around) {
  const mlModel = await look(picked.mlModel, async (file, reads): Promise<DescribedMlModel> => {
    const model = readMlModel(await reads.whole(file, MAX_TEXT_BYTES), { path: file.path })
    return { path: file.path, model, unsafe: unsafeFlavors(model) }
  })
  const skill = await look(picked.skill, async (file, reads): Promise<DescribedSkill> => {
    const reading = readSkill(await reads.whole(file, MAX_TEXT_BYTES), {
      folder: found.folder.name,
      path: file.path,
    })
    const beside = files.filter(({ path }) => path !== file.path)
    const resources = beside.map(({ path, size }) => ({ path, size }))
    return { ...reading, path: file.path, resources }
  })
  const signature = await look(picked.signature, async (file, reads) =>
    describeSignature(file.path, await reads.whole(file, MAX_LIST_BYTES), files),
  )
  const weights = await each(
    picked.weights,
    look,
    async (file, reads): Promise<DescribedWeights> => {
      const header = await readSafetensorsHeader(reads.file(file))
      return { path: file.path, size: file.size, header }
    },
  )
  const around = {
    paths: new Set(files.map(({ path }) => path)),
    headers: new Map(weights.map(({ path, header }) => [path, header])),
  }
  const indexes = await each(picked.indexes, look, async (file, reads) =>
    describeIndex(file.path, await reads.whole(file, MAX_LIST_BYTES), around),
  )
  const { notLookedAt } = picked
  const pickles = await picklesOf(picked, look)
  return { mlModel, skill, signature, weights, indexes, pickles, notLookedAt }
}

async function picklesOf(
  { pickles, pickledByName }: PickedFiles,
  look: Look,
): Promise<readonly DescribedPickle[]> {
  const byName = ({ path }: WireAssetFile): readonly DescribedPickle[] => {
    const reason = pickleByName(path)
    return reason === undefined ? [] : [{ path, isCertain: false, reason }]
  }
  const found = await mapConcurrently(pickles, LOOKED_AT, async file => {
    let isRead = false
    const finding = await look(file, async (_, reads) => {
      const found = await findPickle(reads.file(file))
      isRead = true
      return found
    })
    // What could not be read is still told by its name.
    if (!isRead) return byName(file)
    return finding === undefined ? [] : [{ path: file.path, ...finding }]
  })
  return [...found.flat(), ...pickledByName.flatMap(byName)]
}

async function each<T>(
  files: readonly WireAssetFile[],
  look: Look,
  into: (file: WireAssetFile, reads: RemoteReads) => Promise<T>,
): Promise<readonly T[]> {
  const told = await mapConcurrently(files, LOOKED_AT, file => look(file, into))
  return told.filter(each => each !== undefined)
}
