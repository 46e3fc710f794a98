import {
  compareSigned,
  createManifest,
  type ModelSigner,
  pathFilter,
  readModelSignature,
  type UnsignedFile,
  type VerifiedSignature,
} from '@spillway/assets'
import { TableError } from '@spillway/core'
import { digestedFiles } from '../assets/folder-listing.js'

/** By whom a model has to be signed: the one or the other. */
export interface SignatureTrust {
  /** PEM of the public key of the signer. */
  readonly publicKey?: string | undefined
  /** PEM of the root certificates that are trusted, and of certificates below them. */
  readonly certificateChain?: readonly string[] | undefined
  /** Puts up with files that the signature does not name. They are not verified, and told. */
  readonly allowUnsigned?: boolean | undefined
  /** Takes signatures over what symbolic links led to. */
  readonly allowSymlinks?: boolean | undefined
}

/** Files beside a signature that is right. */
export interface SignatureCheck {
  /** Every signed file is there as it was signed; every other is allowed. */
  readonly ok: boolean
  readonly signer: ModelSigner
  readonly subjectDigest: string
  /** Files that are as they were signed. Only these are verified. */
  readonly verified: number
  readonly different: readonly string[]
  readonly missing: readonly string[]
  /** What the signature does not name, itself left out. */
  readonly unsigned: readonly UnsignedFile[]
}

/** Where `model_signing` puts it. */
export const SIGNATURE_PATH = 'model.sig'
/** As long as its reader takes it. */
export const MAX_SIGNATURE_BYTES = 64 * 1024 * 1024

/**
 * The signature of the bytes of a `model.sig`, verified. Throws `INVALID_REQUEST` where nobody is trusted, or two are;
 * `TABLE_CORRUPT` where it is not right, or of another signer.
 */
export async function verifiedSignature(
  bytes: Uint8Array,
  trust: SignatureTrust,
): Promise<VerifiedSignature> {
  requireTrust(trust)
  const { publicKey, certificateChain = [] } = trust
  const signature = await readModelSignature(bytes, { path: SIGNATURE_PATH })
  // It is beside what servers do with assets, which nobody has to load who verifies nothing.
  const { verifyByCertificate, verifyByKey } = await import('@spillway/assets/node')
  return publicKey === undefined
    ? verifyByCertificate(signature, { roots: certificateChain })
    : verifyByKey(signature, publicKey)
}

/** Before anything is asked of anybody. */
export function requireTrust({ publicKey, certificateChain = [] }: SignatureTrust): void {
  if ((publicKey === undefined) !== (certificateChain.length === 0)) return
  throw new TableError(
    'INVALID_REQUEST',
    `expected a public key or certificates to verify a signature by, found ${publicKey === undefined ? 'neither' : 'both'}`,
  )
}

export interface FilesBeside {
  /** With the digest of their bytes, or without one where it is not known. */
  readonly files: readonly {
    readonly path: string
    readonly size: number
    readonly sha256?: string | undefined
  }[]
  /** What lies beside them and has no digest here. */
  readonly others?: readonly string[] | undefined
  /** Signed files that were not to be fetched are not missing. */
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

/** What a verified signature says of files. Those whose digest is not known are neither verified nor missing. */
export async function checkSigned(
  verified: VerifiedSignature,
  { files, others = [], include, exclude }: FilesBeside,
  { allowUnsigned = false, allowSymlinks }: SignatureTrust,
): Promise<SignatureCheck> {
  const known = await createManifest(digestedFiles(files))
  const found = await compareSigned(verified, known, { allowSymlinks })
  const isMeant = pathFilter({ include, exclude })
  const there = new Set(files.map(({ path }) => path))
  const signed = new Set(verified.statement.files.map(({ path }) => path))
  const unnamed = [
    ...files.filter(({ sha256 }) => sha256 === undefined).map(({ path }) => path),
    ...others,
  ]
  const different = [
    ...found.different.map(({ path }) => path),
    ...others.filter(path => signed.has(path)),
  ]
  const missing = found.missing.filter(
    path => isMeant(path) && !there.has(path) && !different.includes(path),
  )
  const unsigned: UnsignedFile[] = [
    ...found.unsigned.filter(({ reason }) => reason !== 'signature'),
    ...unnamed
      .filter(path => path !== SIGNATURE_PATH && !signed.has(path))
      .map(path => ({ path, reason: reasonOf(path, verified) })),
  ]
  return {
    ok: different.length + missing.length === 0 && (allowUnsigned || unsigned.length === 0),
    signer: verified.signer,
    subjectDigest: verified.statement.subjectDigest,
    verified: found.same.length,
    different,
    missing,
    unsigned,
  }
}

function reasonOf(path: string, { statement }: VerifiedSignature): UnsignedFile['reason'] {
  const isIgnored = statement.ignorePaths.some(
    ignored => path === ignored || path.startsWith(`${ignored}/`),
  )
  return isIgnored ? 'ignored' : 'not-listed'
}
