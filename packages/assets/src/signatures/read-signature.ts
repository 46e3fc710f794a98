import { TableError } from '@spillway/core'
import { JsonMembers } from '../documents/json-members.js'
import { type JsonPlace, readStrictJson } from '../documents/strict-json.js'
import type { HashOptions } from '../manifest/hasher.js'
import { type ModelStatement, readStatement } from './statement.js'

/** Who a signature says that it is of. */
export type SignatureMaterial =
  /** `hint`: the SHA-256 of the PEM of the public key, as 64 hexadecimal digits; old signatures have none. */
  | { readonly kind: 'public-key'; readonly hint?: string | undefined }
  /** DER, the certificate of the signer first. */
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }
  /** By an identity that Sigstore's services vouch for. */
  | { readonly kind: 'keyless' }

/** A signature as it was read. Whether it is right is what `@spillway/assets/node` tells. */
export interface ModelSignature {
  readonly material: SignatureMaterial
  /** What was signed, as bytes. */
  readonly payload: Uint8Array
  /** ECDSA in DER, of the envelope around the payload (`signedBytes`). */
  readonly signature: Uint8Array
  /** What the payload says, unverified. */
  readonly claims: ModelStatement
}

/** A signature that was verified, and by what. */
export interface VerifiedSignature {
  readonly statement: ModelStatement
  readonly signer: ModelSigner
}

export type ModelSigner =
  /** `sha256` of the PEM of the key. */
  | { readonly kind: 'public-key'; readonly sha256: string }
  | {
      readonly kind: 'certificate'
      /** Names of the certificate of the signer and of who issued it, a part a line. */
      readonly subject: string
      readonly issuer: string
      readonly serialNumber: string
      /** SHA-256 of the certificate, as 64 hexadecimal digits. */
      readonly sha256: string
      /** Epoch milliseconds. The signature has no time of its own: it may be from after the last. */
      readonly validFrom: number
      readonly validTo: number
    }

export interface ReadSignatureOptions extends HashOptions {
  readonly path?: string | undefined
}

/** A million files take 200 MB. */
const MAX_BYTES = 256 * 1024 * 1024
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** No chain is longer. */
const MAX_CERTIFICATES = 16

/**
 * The signature of the bytes of a `model.sig`, as model-signing 1.0 and later writes it. `TABLE_CORRUPT` where it is none,
 * says something else than its own digest, or names files that are not safe; `UNSUPPORTED_FEATURE` for digests of parts
 * of files or by another hash, and for what is older.
 */
export async function readModelSignature(
  bytes: Uint8Array,
  { path, newHasher }: ReadSignatureOptions = {},
): Promise<ModelSignature> {
  const place: JsonPlace = { what: 'a model signature', path }
  if (bytes.length > MAX_BYTES) {
    const message = `a model signature of ${bytes.length} bytes: at most ${MAX_BYTES} are read`
    throw new TableError('UNSUPPORTED_FEATURE', message)
  }
  const bundle = new JsonMembers(readStrictJson(bytes, place), place)
  const mediaType = bundle.text('mediaType')
  if (mediaType !== MEDIA_TYPE) {
    throw bundle.unsupported(`is ${JSON.stringify(mediaType.slice(0, 200))}, not ${MEDIA_TYPE}`)
  }
  const envelope = bundle.members('dsseEnvelope')
  if (envelope.text('payloadType') !== PAYLOAD_TYPE) {
    throw envelope.fault(`expected ${PAYLOAD_TYPE}`, 'payloadType')
  }
  // Verifiers that look at the first alone, and at any, would differ.
  const [signature, ...more] = envelope.each('signatures')
  if (signature === undefined || more.length > 0) throw envelope.fault('expected one', 'signatures')
  const payload = base64(envelope, 'payload')
  return {
    material: materialOf(bundle.members('verificationMaterial')),
    payload,
    signature: base64(signature, 'sig'),
    claims: await readStatement(payload, { path }, { newHasher }),
  }
}

/** What an envelope of DSSE 1 signs: its type and its payload, each behind its length. */
export function signedBytes(payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `
  const bytes = new Uint8Array(head.length + payload.length)
  new TextEncoder().encodeInto(head, bytes)
  bytes.set(payload, head.length)
  return bytes
}

function materialOf(material: JsonMembers): SignatureMaterial {
  const kinds = ['publicKey', 'x509CertificateChain', 'certificate'].filter(key =>
    material.has(key),
  )
  if (kinds.length !== 1) {
    throw material.fault(`expected a public key or certificates, found ${kinds.length} of them`)
  }
  if (material.has('certificate')) return { kind: 'keyless' }
  if (material.has('publicKey')) {
    const key = material.members('publicKey')
    return { kind: 'public-key', hint: key.has('hint') ? key.text('hint') : undefined }
  }
  const certificates = material.members('x509CertificateChain').each('certificates')
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) {
    const reason = `expected 1 to ${MAX_CERTIFICATES} certificates, found ${certificates.length}`
    throw material.fault(reason, 'x509CertificateChain')
  }
  return { kind: 'certificates', certificates: certificates.map(one => base64(one, 'rawBytes')) }
}

function base64(members: JsonMembers, key: string): Uint8Array {
  const text = members.text(key)
  if (!BASE64.test(text)) throw members.fault('expected base64', key)
  return Uint8Array.from(atob(text), character => character.charCodeAt(0))
}
