// What needs a file system; everything else of this package runs in browsers.
import { readFile } from 'node:fs/promises'
import { TableError } from '@spillway/core'
import { type Profile, parseProfile } from '@spillway/protocol/wire'
import { type Environment, profileFromEnvironment } from './profile/profile-environment.js'

export type { CachedFile, CacheListing } from './cache/list-cache.js'
export type { PruneCacheOptions, PrunedCache } from './cache/prune-cache.js'
export type { VerifiedCache, VerifyCacheOptions } from './cache/verify-cache.js'
export { listCache, pruneCache, verifyCache } from './caches.js'
export type { DirectOptions, FolderKeys, FolderStore, OpenStore } from './direct/open-store.js'
export { withDirectAccess } from './direct/with-direct-access.js'
export type {
  DownloadedFile,
  DownloadOptions,
  DownloadProgress,
  DownloadResult,
  FileState,
} from './download/download-options.js'
export type { VerifiedDownload, VerifyOptions } from './download/verify-download.js'
export { downloadAsset, downloadSigned, verifyDownload, verifySigned } from './downloads.js'
export { nodeFetchFiles } from './http/node-fetch-files.js'
export {
  installedSkills,
  installSkill,
  listSkill,
  removeSkills,
  restoreSkills,
  updateSkills,
} from './local-skills.js'
export type { DownloadSignedOptions, SignedDownload } from './signed/download-signed.js'
export type { SignatureCheck, SignatureTrust } from './signed/signature-check.js'
export type { VerifiedSigned, VerifySignedOptions } from './signed/verify-signed.js'
export type { InstalledSkills } from './skills/installed-skills.js'
export type { ListedSkill } from './skills/listed-skill.js'
export type {
  FileChanges,
  InstalledSkill,
  InstallSkillOptions,
  LockedSkill,
  SkillFailure,
  SkillOutcome,
  SkillProvider,
  SkillState,
  SkillsOptions,
  SkillsResult,
} from './skills/skill-options.js'
export type { UpdateSkillsOptions } from './skills/update-skills.js'

/**
 * The profile in a file; without a path the one that the environment holds. There `SPILLWAY_PROFILE` may be the path of a
 * file as well.
 */
export async function loadProfile(
  path?: string | URL,
  environment: Environment = process.env,
): Promise<Profile> {
  const named = environment.SPILLWAY_PROFILE ?? ''
  if (path !== undefined) return readProfile(path)
  return named === '' || named.trimStart().startsWith('{')
    ? profileFromEnvironment(environment)
    : readProfile(named)
}

async function readProfile(path: string | URL): Promise<Profile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TableError('NOT_FOUND', `the profile cannot be read: ${reason}`, {
      context: { path: String(path) },
      cause,
    })
  }
  try {
    return parseProfile(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TableError('INVALID_REQUEST', `${path}: ${reason}`, {
      context: { path: String(path) },
      cause,
    })
  }
}
