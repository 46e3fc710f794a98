import { AssetHasher, createAssetFiles } from '@spillway/assets/node'
import {
  type AssetFiles,
  type AssetFolder,
  type SkillFinder,
  type StateStore,
  TableError,
  type UrlSigner,
  type WritableStore,
} from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { localStore, parseUri, storeState } from '@spillway/storage'
import { assetFolders } from './located-assets.js'

/** What of a configuration concerns the files of assets. */
export interface AssetSettings {
  readonly shares: SharesConfig
  readonly state?: { readonly location: string }
  readonly hashing: { readonly megabytesPerSecond: number }
}

export interface OpenAssets {
  readonly files: AssetFiles
  /** Hashes what these settings say, and nothing else. */
  follow(settings: AssetSettings): void
  stop(): Promise<void>
}

export interface AssetParts {
  readonly store: WritableStore
  readonly signers: readonly UrlSigner[]
  /** Finds the skills of folders that are shared whole. */
  readonly skills: SkillFinder
  /** Hashes nothing. */
  readonly isProbe?: boolean | undefined
  /** Told of what could not be hashed. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Lists and signs the files of assets, and makes digests of those that should have them. */
export function openAssets(settings: AssetSettings, parts: AssetParts): OpenAssets {
  const { store, signers, skills, onError, isProbe = false } = parts
  const { state: kept, hashing } = settings
  if (kept === undefined || isProbe) {
    const files = createAssetFiles({ store, signers, onError: (_, error) => onError?.(error) })
    return { files, follow: () => undefined, stop: async () => undefined }
  }
  const state = stateAt(kept.location, store)
  const hasher = new AssetHasher({
    store,
    state,
    bytesPerSecond: hashing.megabytesPerSecond * 1e6,
    onError: (_, error) => onError?.(error),
    onRecheck: ({ location }, path, isSame) => {
      if (!isSame) onError?.(otherBytes(location + path))
    },
  })
  // Kept over changes of the configuration: a folder that is away for a while keeps its digests.
  const found = new Map<string, readonly AssetFolder[]>()
  const follow = ({ shares }: AssetSettings) => {
    const hashed = assetFolders(shares).filter(({ digests }) => digests === true)
    const isWhole = (each: (typeof hashed)[number]) => each.kind === 'folder of skills'
    const named = uniqueLocations(hashed.filter(each => !isWhole(each)))
    const whole = uniqueLocations(hashed.filter(isWhole))
    const folders = named.map(location => ({ id: location, location }))
    if (whole.length === 0) hasher.follow(folders)
    else hasher.follow(folders, findSkills(whole, found, { skills, onError }))
  }
  follow(settings)
  const files = createAssetFiles({
    store,
    signers,
    digests: hasher,
    state,
    onError: (_, error) => onError?.(error),
  })
  return { files, follow, stop: () => hasher.stop() }
}

function uniqueLocations(folders: readonly { readonly location: string }[]): readonly string[] {
  return [...new Set(folders.map(({ location }) => location))]
}

/** The folders of the skills that lie in these folders now; of one that cannot be looked into those of before. */
function findSkills(
  locations: readonly string[],
  known: Map<string, readonly AssetFolder[]>,
  { skills, onError }: Pick<AssetParts, 'skills' | 'onError'>,
): (signal: AbortSignal) => Promise<readonly AssetFolder[]> {
  return async signal => {
    for (const within of locations) {
      try {
        const found = await skills.find(within, signal)
        known.set(
          within,
          found.map(({ location }) => ({ id: location, location, within })),
        )
      } catch (error) {
        if (signal.aborted) throw error
        onError?.(error)
      }
    }
    return locations.flatMap(within => known.get(within) ?? [])
  }
}

/** A file that has other bytes under the tag that it had: recipients were right to say so, and who caches by tags has old ones. */
function otherBytes(path: string): TableError {
  return new TableError(
    'CONFLICT',
    'a recipient got other bytes than the digest of the file says, and they are what it holds now: it was changed in a way that its size and etag do not tell. Its digest was made again',
    { context: { path } },
  )
}

/** On this machine in a store of its own: what is kept there is none of the shared folders. */
function stateAt(location: string, store: WritableStore): StateStore {
  const isLocal = parseUri(location).scheme === 'file'
  return storeState(
    isLocal ? localStore({ roots: [location], removesEmptyFolders: true }) : store,
    location,
  )
}
