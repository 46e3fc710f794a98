import { inSlices, type Steps, TableError } from '@spillway/core'
import { ENTRIES_IN_A_STEP, type Manifest } from '../manifest/manifest.js'
import { isBelow } from '../manifest/manifest-digest.js'
import type { VerifiedSignature } from './read-signature.js'

/** Files of a model beside what a verified signature says of them. Each path is in one of the lists. */
export interface SignedFiles {
  /** True where every signed file is there and the same, and every other one was left out when the model was signed. */
  readonly isWhole: boolean
  /** Signed, and the same. Only these are verified. */
  readonly same: readonly string[]
  /** Signed with another content; digests as 64 hexadecimal digits. */
  readonly different: readonly {
    readonly path: string
    readonly signed: string
    readonly found: string
  }[]
  /** Signed, and not there. */
  readonly missing: readonly string[]
  readonly unsigned: readonly UnsignedFile[]
}

export interface UnsignedFile {
  readonly path: string
  /** `signature`: the signature itself; `ignored`: whoever signed left it out; `not-listed`: it came later. */
  readonly reason: 'signature' | 'ignored' | 'not-listed'
}

export interface CompareSignedOptions {
  /** Where the signature lies among the files: `model.sig` unless given. */
  readonly signaturePath?: string | undefined
  /** Takes signatures over what symbolic links led to: no unless given. */
  readonly allowSymlinks?: boolean | undefined
}

/**
 * What a verified signature says of the files of `manifest`, in steps. A signature binds names and contents; sizes are those
 * of the manifest. `UNSUPPORTED_FEATURE` for one that was made with links allowed.
 */
export async function compareSigned(
  verified: VerifiedSignature,
  manifest: Manifest,
  options: CompareSignedOptions = {},
): Promise<SignedFiles> {
  if (verified.statement.allowsSymlinks && options.allowSymlinks !== true) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'the model was signed with symbolic links allowed: sign it without, or pass allowSymlinks',
    )
  }
  return inSlices(compareInSteps(verified, manifest, options))
}

function* compareInSteps(
  { statement }: VerifiedSignature,
  { entries }: Manifest,
  { signaturePath = 'model.sig' }: CompareSignedOptions,
): Steps<SignedFiles> {
  const signed = new Map(statement.files.map(({ path, sha256 }) => [path, sha256]))
  const same: string[] = []
  const different: { path: string; signed: string; found: string }[] = []
  const unsigned: UnsignedFile[] = []
  for (const [i, { path, sha256 }] of entries.entries()) {
    if (i % ENTRIES_IN_A_STEP === 0) yield
    const expected = signed.get(path)
    signed.delete(path)
    if (expected === sha256) same.push(path)
    else if (expected !== undefined) different.push({ path, signed: expected, found: sha256 })
    else if (path === signaturePath) unsigned.push({ path, reason: 'signature' })
    else {
      const isIgnored = isBelow(path, statement.ignorePaths)
      unsigned.push({ path, reason: isIgnored ? 'ignored' : 'not-listed' })
    }
  }
  const missing = [...signed.keys()]
  const isComplete = unsigned.every(({ reason }) => reason !== 'not-listed')
  const isWhole = isComplete && different.length === 0 && missing.length === 0
  return { isWhole, same, different, missing, unsigned }
}
