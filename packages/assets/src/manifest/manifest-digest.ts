import { hexText, inSlices, Slices, type Steps, sorted } from '@spillway/core'
import { compareSegments } from '../paths/utf8-order.js'
import { type HashOptions, webHasher } from './hasher.js'
import { bytesOfHex } from './hex-bytes.js'
import { ENTRIES_IN_A_STEP, type Manifest, type ManifestEntry } from './manifest.js'
import { manifestParts } from './manifest-text.js'

/** What model-signing leaves out of a signature unless it is told otherwise: files of Git, and the signature itself. */
export const MODEL_SIGNING_IGNORES: readonly string[] = [
  '.git',
  '.gitattributes',
  '.github',
  '.gitignore',
  'model.sig',
]

/** `sha256:` and 64 hexadecimal digits: the SHA-256 of the bytes of the manifest. It binds names, sizes and contents. */
export async function manifestDigest(
  manifest: Manifest,
  { newHasher = webHasher }: HashOptions = {},
): Promise<string> {
  const hasher = newHasher()
  const slices = new Slices()
  for (const part of manifestParts(manifest)) {
    hasher.update(part)
    if (slices.isOverNow) await slices.pause()
  }
  return `sha256:${hexText(await hasher.digest())}`
}

export interface ModelSigningOptions extends HashOptions {
  /** Files and folders that are left out, with all below them: `MODEL_SIGNING_IGNORES` unless given. */
  readonly ignorePaths?: readonly string[] | undefined
}

/**
 * The digest that a signature of model-signing has for its subject, as `sha256:` and 64 hexadecimal digits: the SHA-256 of
 * the SHA-256 of all files, one behind the other, by name. It binds neither names nor sizes: files that swap their contents
 * and keep the order of these, or one renamed within its place, are not told by it.
 */
export async function modelSigningDigest(
  manifest: Manifest,
  { newHasher = webHasher, ignorePaths = MODEL_SIGNING_IGNORES }: ModelSigningOptions = {},
): Promise<string> {
  const hasher = newHasher()
  const slices = new Slices()
  const signed = await inSlices(signedInSteps(manifest, ignorePaths))
  for (let i = 0; i < signed.length; i += ENTRIES_IN_A_STEP) {
    const hex = signed.slice(i, i + ENTRIES_IN_A_STEP).map(({ sha256 }) => sha256)
    hasher.update(bytesOfHex(hex.join('')))
    if (slices.isOverNow) await slices.pause()
  }
  return `sha256:${hexText(await hasher.digest())}`
}

function* signedInSteps(
  { entries }: Manifest,
  ignorePaths: readonly string[],
): Steps<readonly ManifestEntry[]> {
  const signed = entries.filter(({ path }) => !isBelow(path, ignorePaths))
  // Most assets have no name that the two orders put differently.
  const isInOrder = signed.every(
    ({ path }, i) => i === 0 || compareSegments(signed[i - 1]!.path, path) < 0,
  )
  return isInOrder ? signed : yield* sorted(signed, (a, b) => compareSegments(a.path, b.path))
}

/** True where `path` is one of `folders`, or lies below one. */
export function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some(folder => path === folder || path.startsWith(`${folder}/`))
}
