import { createHash, createPublicKey, KeyObject, verify } from 'node:crypto'
import { corrupt, TableError } from '@spillway/core'
import {
  type ModelSignature,
  signedBytes,
  type VerifiedSignature,
} from '../signatures/read-signature.js'
import { type Certificate, readCertificate } from './certificate.js'
import { requireChain } from './certificate-chain.js'

/** The hash that goes with a curve, as model-signing pairs them. */
const HASHES: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'

/**
 * The signature, verified by a public key on P-256, P-384 or P-521 that the caller trusts: PEM, or a key of Node's. Throws
 * `TABLE_CORRUPT` where it is not this key's or not right, `INVALID_REQUEST` for another kind of key.
 */
export function verifyByKey(signature: ModelSignature, key: string | KeyObject): VerifiedSignature {
  const { material, claims } = signature
  const publicKey = publicKeyOf(key)
  const sha256 = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'pem' }))
    .digest('hex')
  if (material.kind !== 'public-key') throw otherMaterial(material.kind)
  // The signer's own name of his key, for a better word than that the signature is wrong.
  if (material.hint !== undefined && material.hint !== '' && material.hint !== sha256) {
    const names = `${material.hint.slice(0, 64)}, and the key that was given is ${sha256}`
    throw corrupt('a model signature by this key', `it is of the key ${names}`)
  }
  requireSigned(signature, publicKey)
  return { statement: claims, signer: { kind: 'public-key', sha256 } }
}

export interface CertificateOptions {
  /** PEM of the roots that the caller trusts, and of certificates below them; a text may hold several. */
  readonly roots: readonly string[]
  /**
   * When the certificates have to be valid, in epoch milliseconds. Unless given, when the signer's own begins to be, as
   * model-signing has it: a signature has no time, and is right after its certificate is over.
   */
  readonly at?: number | undefined
}

/**
 * The signature, verified by its own certificates up to a root of `roots`. Throws `TABLE_CORRUPT` where they lead to none,
 * the signer's may not sign, or the signature is not right.
 */
export function verifyByCertificate(
  signature: ModelSignature,
  { roots, at }: CertificateOptions,
): VerifiedSignature {
  const { material, claims } = signature
  if (material.kind !== 'certificates') throw otherMaterial(material.kind)
  const [leaf, ...others] = material.certificates.map(certificateOf)
  if (leaf === undefined) throw corrupt('a certificate in a model signature', 'there is none')
  const trusted = roots.flatMap(certificatesOf)
  requireChain(leaf, {
    roots: trusted,
    others,
    at: at ?? leaf.validFrom,
  })
  if (leaf.usage?.signs !== true && !leaf.extendedUsage.includes(CODE_SIGNING)) {
    throw corrupt('a model signature of a trusted signer', 'its certificate may sign nothing')
  }
  requireSigned(signature, leaf.x509.publicKey)
  const { subject, issuer, serialNumber, fingerprint256 } = leaf.x509
  const sha256 = fingerprint256.replaceAll(':', '').toLowerCase()
  const { validFrom, validTo } = leaf
  return {
    statement: claims,
    signer: { kind: 'certificate', subject, issuer, serialNumber, sha256, validFrom, validTo },
  }
}

function publicKeyOf(key: string | KeyObject): KeyObject {
  let publicKey: KeyObject
  try {
    publicKey = key instanceof KeyObject && key.type === 'public' ? key : createPublicKey(key)
  } catch (cause) {
    // What Node says of a key may hold some of it.
    throw new TableError('INVALID_REQUEST', 'expected a public key in PEM, found none', {
      cause: cause instanceof Error ? cause.name : undefined,
    })
  }
  if (hashOf(publicKey) === undefined) {
    const found = publicKey.asymmetricKeyDetails?.namedCurve ?? publicKey.asymmetricKeyType
    throw new TableError(
      'INVALID_REQUEST',
      `expected a public key on P-256, P-384 or P-521, found ${found}`,
    )
  }
  return publicKey
}

function hashOf(key: KeyObject): string | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails } = key
  return asymmetricKeyType === 'ec' ? HASHES[asymmetricKeyDetails?.namedCurve ?? ''] : undefined
}

function requireSigned({ payload, signature }: ModelSignature, key: KeyObject): void {
  const hash = hashOf(key)
  if (hash === undefined) {
    throw corrupt('a signature by a key on P-256, P-384 or P-521', 'its certificate has another')
  }
  const isRight = verify(hash, signedBytes(payload), { key, dsaEncoding: 'der' }, signature)
  if (!isRight)
    throw corrupt('a model signature', 'what it signs was changed, or another key signed it')
}

function certificateOf(bytes: Uint8Array): Certificate {
  try {
    return readCertificate(bytes)
  } catch (cause) {
    throw corrupt('a certificate in a model signature', 'it is none', { cause })
  }
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

function certificatesOf(pem: string): readonly Certificate[] {
  const found = (pem.match(PEM) ?? []).map(readCertificate)
  if (found.length > 0) return found
  throw new TableError('INVALID_REQUEST', 'expected certificates in PEM, found none')
}

function otherMaterial(kind: 'public-key' | 'certificates' | 'keyless'): TableError {
  const what = {
    'public-key': 'by a key: it is verified by its public key',
    certificates: 'by certificates: it is verified by their roots',
    keyless: 'by an identity of Sigstore: model_signing verifies it, and needs its services',
  }
  return new TableError('UNSUPPORTED_FEATURE', `the model is signed ${what[kind]}`)
}
