import { AssetHasher, createAssetFiles } from '@spillway/assets/node'
import type { AssetFiles, StateStore, UrlSigner, WritableStore } from '@spillway/core'
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
    const files = createAssetFiles({ store, signers })
    return { files, follow: () => undefined, stop: async () => undefined }
  }
  const hasher = new AssetHasher({
    store,
    state: stateAt(kept.location, store),
    bytesPerSecond: hashing.megabytesPerSecond * 1e6,
    onError: (_, error) => onError?.(error),
  })
  const follow = ({ shares }: AssetSettings) => {
    const hashed = assetFolders(shares).filter(({ digests }) => digests === true)
    const locations = new Set(hashed.map(({ location }) => location))
    hasher.follow([...locations].map(location => ({ id: location, location })))
  }
  follow(settings)
  const files = createAssetFiles({ store, signers, digests: hasher })
  return { files, follow, stop: () => hasher.stop() }
}

/** On this machine in a store of its own: what is kept there is none of the shared folders. */
function stateAt(location: string, store: WritableStore): StateStore {
  const isLocal = parseUri(location).scheme === 'file'
  return storeState(isLocal ? localStore({ roots: [location] }) : store, location)
}
