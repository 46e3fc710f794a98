import type { Page, PageRequest, Recipient } from './page.js'

/** What is shared beside tables: folders of files, handed out as they are. A model is one for each of its versions. */
export type AssetKind = 'volume' | 'model' | 'skill'

/** What all kinds of assets have. */
export interface SharedAsset {
  readonly share: string
  readonly schema: string
  readonly name: string
  readonly id: string
  readonly shareId?: string
  /** How a recipient may reach the files: by signed URLs, which is what absent means, or by credentials for the folder. */
  readonly accessModes?: readonly ('url' | 'dir')[] | undefined
}

/** A folder. All that is in it is shared, what is put there later too. */
export interface SharedVolume extends SharedAsset {
  readonly location: string
}

/** A folder with a `SKILL.md`, which says what an agent learns from it. Its name is the folder's. */
export interface SharedSkill extends SharedAsset {
  readonly location: string
  /** The folder that was taken whole, of a skill that was found in it: links lead out of neither. */
  readonly within?: string | undefined
}

export interface SharedModel extends SharedAsset {
  readonly comment?: string | undefined
}

export type ModelVersionStatus = 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | 'READY'

export interface SharedModelVersion {
  /** From 1. */
  readonly version: number
  /** Only what is `READY` is listed, read or given credentials for. */
  readonly status: ModelVersionStatus
  readonly location: string
  readonly id?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly comment?: string | undefined
  /** Where it was made. A provider who does not want that known leaves them out. */
  readonly source?: string | undefined
  readonly runId?: string | undefined
}

/** An asset as it is asked for. */
export interface AssetName {
  readonly share: string
  readonly schema: string
  readonly name: string
}

/** Of one schema, or of every schema of the share where `schema` is absent. */
export interface AssetScope {
  readonly share: string
  readonly schema?: string | undefined
}

/** Assets that are shared with whom: with the words, orders and silences of `ShareCatalog`. */
export interface AssetCatalog {
  listVolumes(
    recipient: Recipient,
    scope: AssetScope,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedVolume> | undefined>
  volume(
    recipient: Recipient,
    name: AssetName,
    signal?: AbortSignal,
  ): Promise<SharedVolume | undefined>
  listSkills(
    recipient: Recipient,
    scope: AssetScope,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedSkill> | undefined>
  skill(
    recipient: Recipient,
    name: AssetName,
    signal?: AbortSignal,
  ): Promise<SharedSkill | undefined>
  /** Skills that anybody may read, without a token. Absent: none. In the order of shares, schemas and names. */
  listPublicSkills?(page: PageRequest, signal?: AbortSignal): Promise<Page<SharedSkill>>
  publicSkill?(name: AssetName, signal?: AbortSignal): Promise<SharedSkill | undefined>
  listModels(
    recipient: Recipient,
    scope: AssetScope,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedModel> | undefined>
  model(
    recipient: Recipient,
    name: AssetName,
    signal?: AbortSignal,
  ): Promise<SharedModel | undefined>
  /** In the order of their numbers: `after` is a number as text. Versions that are not `READY` may be among them. */
  listModelVersions(
    recipient: Recipient,
    name: AssetName,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedModelVersion> | undefined>
  /** By its number or by an alias, which is never a number; undefined where the model or that version is not there. */
  modelVersion(
    recipient: Recipient,
    name: AssetName,
    version: number | { readonly alias: string },
    signal?: AbortSignal,
  ): Promise<SharedModelVersion | undefined>
}
