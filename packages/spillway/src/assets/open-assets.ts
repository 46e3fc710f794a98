import { AssetHasher, createAssetFiles } from '@spillway/assets/node'
import {
  type AssetFiles,
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
  /** Hashes nothing. */
  readonly isProbe?: boolean | undefined
  /** Told of what could not be hashed. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Lists and signs the files of assets, and makes digests of those that should have them. */
export function openAssets(settings: AssetSettings, parts: AssetParts): OpenAssets {
  const { store, signers, onError, isProbe = false } = parts
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
  const follow = ({ shares }: AssetSettings) => {
    const hashed = assetFolders(shares).filter(({ digests }) => digests === true)
    const locations = new Set(hashed.map(({ location }) => location))
    hasher.follow([...locations].map(location => ({ id: location, location })))
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
