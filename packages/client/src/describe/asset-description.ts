import type {
  MlModel,
  PickleFinding,
  SafetensorsHeader,
  SignatureMaterial,
  SkillReading,
  UnsafeFlavor,
} from '@spillway/assets'
import type { ErrorCode } from '@spillway/core'
import type { FoundAsset } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'

export interface DescribeAssetOptions {
  /** Where assets of several kinds may have the name. */
  readonly kind?: FolderName['kind'] | undefined
  /** Of the largest files to name; 20 unless given. */
  readonly top?: number | undefined
  /** Files of which a part is read, at most; 256 unless given. */
  readonly maxFiles?: number | undefined
  /** Bytes that are read, of all files together, at most; 64 MiB unless given. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a volume, a model or a skill says about itself, and what its files say. Nothing in it is executed or loaded. */
export interface AssetDescription {
  readonly found: FoundAsset
  /** `share.schema.name`, with the version of a model behind it. */
  readonly name: string
  readonly snapshotId: string
  readonly files: number
  readonly bytes: number
  /** Files whose digest the provider states. */
  readonly digested: number
  /** `sha256:…` of the canonical manifest, where the provider states the digest of every file. */
  readonly digest?: string | undefined
  /** The largest first. */
  readonly largest: readonly { readonly path: string; readonly size: number }[]
  readonly mlModel?: DescribedMlModel | undefined
  readonly weights: readonly DescribedWeights[]
  readonly indexes: readonly DescribedIndex[]
  readonly pickles: readonly DescribedPickle[]
  readonly signature?: DescribedSignature | undefined
  readonly skill?: DescribedSkill | undefined
  /** Files that could not be read, or are not what their names say. */
  readonly faults: readonly FileFault[]
  /** Files that would have been looked into but for `maxFiles`. */
  readonly notLookedAt: number
}

export interface DescribedMlModel {
  readonly path: string
  readonly model: MlModel
  readonly unsafe: readonly UnsafeFlavor[]
}

/** A file of safetensors. */
export interface DescribedWeights {
  readonly path: string
  readonly size: number
  readonly header: SafetensorsHeader
}

/** A `model.safetensors.index.json`, beside the files that it names. */
export interface DescribedIndex {
  readonly path: string
  readonly shards: number
  readonly tensors: number
  /** Shards that are there and could not be compared. */
  readonly notCompared: number
  /** A sentence each; nothing where they agree. */
  readonly faults: readonly string[]
}

export interface DescribedPickle extends PickleFinding {
  readonly path: string
}

/** A `model.sig`, as it claims. Nobody has verified it. */
export interface DescribedSignature {
  readonly path: string
  readonly method: SignatureMaterial['kind']
  /** The signer's own name of the key, where there is one. */
  readonly keyHint?: string | undefined
  readonly subjectName: string
  readonly subjectDigest: string
  /** Files that it names. */
  readonly files: number
  readonly ignorePaths: readonly string[]
  /** Files of the asset that it does not name, itself left out. */
  readonly unsigned: readonly string[]
  /** Files that it names and the asset does not have. */
  readonly missing: readonly string[]
  /** Files of which it names another digest than the provider states. */
  readonly different: readonly string[]
}

export interface DescribedSkill extends SkillReading {
  readonly path: string
  /** Files beside it. */
  readonly resources: readonly { readonly path: string; readonly size: number }[]
}

export interface FileFault {
  readonly path: string
  readonly code: ErrorCode
  readonly message: string
}
