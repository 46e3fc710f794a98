import type { Manifest, Skill, SkillWarning } from '@spillway/assets'
import type { AssetClient } from '../assets/asset-client.js'
import type { DownloadProgress } from '../download/download-options.js'

/** Who shares skills: the client of a profile, and the endpoint that the profile names. */
export interface SkillProvider {
  readonly client: AssetClient
  readonly endpoint: string
}

export interface SkillsOptions {
  /** The folder of skills, each a folder in it: `.agents/skills`, `.claude/skills`. Made where it is not there. */
  readonly to: string
  /** Replaces, or removes, what was changed in the folder since it was installed. Never what somebody else put there. */
  readonly force?: boolean | undefined
  /** Called some times a second while files come. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface InstallSkillOptions extends SkillsOptions {
  /** `sha256:…` of the manifest that is expected; any other content is refused. */
  readonly digest?: string | undefined
}

/** A skill as the lock has it. */
export interface LockedSkill {
  /** `share.schema.skill` */
  readonly source: string
  /** Of the provider, without credentials. */
  readonly endpoint: string
  /** `sha256:…` of the manifest. */
  readonly digest: string
  readonly manifest: Manifest
  /** As the front matter had it when it was installed. */
  readonly allowedTools?: string | undefined
}

/** Paths, each list in its order. */
export interface FileChanges {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** `installed` where there was none; `restored` where it was as the lock says and its folder was not. */
export type SkillState = 'installed' | 'restored' | 'updated' | 'unchanged' | 'removed' | 'planned'

/** What was done with a skill. */
export interface SkillOutcome extends LockedSkill {
  readonly name: string
  readonly state: SkillState
  /** Its folder, absolute. */
  readonly path: string
  /** True where the provider states the digest of every file, and all agree. */
  readonly verified: boolean
  /** What became of its files since the lock was written before. */
  readonly changes: FileChanges
  /** Tools that it asks for and did not ask for before. Nobody has allowed them. */
  readonly toolsAdded: readonly string[]
  /** What its `SKILL.md` says. Text of strangers. */
  readonly skill?: Skill | undefined
  readonly warnings: readonly SkillWarning[]
}

export interface SkillFailure {
  readonly name: string
  readonly error: unknown
}

/** Of several skills each is done by itself: one that fails keeps none of the others back. */
export interface SkillsResult {
  readonly skills: readonly SkillOutcome[]
  readonly failed: readonly SkillFailure[]
}

/** A skill of the lock, and what lies in its folder. */
export interface InstalledSkill extends LockedSkill {
  readonly name: string
  /** Its folder, absolute. */
  readonly path: string
  /** `changed`: not as it was installed. */
  readonly state: 'same' | 'changed' | 'missing'
  /** What was done to its files since. */
  readonly changes: FileChanges
  readonly skill?: Skill | undefined
}
