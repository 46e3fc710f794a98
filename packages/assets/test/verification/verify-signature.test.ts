import { createHash, generateKeyPairSync } from 'node:crypto'
import { isTableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { compareSigned, readModelSignature } from '../../src/index.js'
import { verifyByCertificate, verifyByKey } from '../../src/node.js'
import {
  certificate,
  modelManifest,
  publicKey,
  signatureBytes,
  type Verdict,
  verdicts,
} from '../support/signed-model.js'

/** What model-signing takes and we do not: names are not held to constraints here, so none are believed. */
const STRICTER = ['certificate-constrained']

async function verified({ signature, with: using }: Pick<Verdict, 'signature' | 'with'>) {
  const read = await readModelSignature(signatureBytes(signature))
  return using.endsWith('.pub')
    ? verifyByKey(read, publicKey(using))
    : verifyByCertificate(read, { roots: using.split('+').map(certificate) })
}

describe('beside model-signing, a signature', () => {
  it.each(verdicts)('is as right: $signature with $with, $change', async verdict => {
    const { signature, change, error } = verdict
    const files = await verified(verdict)
      .then(async one => compareSigned(one, await modelManifest(change, signature)))
      .catch((caught: unknown) => {
        if (!isTableError(caught)) throw caught
        return undefined
      })
    const isRight = error === null && !STRICTER.includes(signature)
    expect(files?.isWhole ?? false).toBe(isRight)
    const isOfFiles = error?.includes('Signature mismatch') === true
    expect(files === undefined).toBe(!isRight && !isOfFiles)
  })
})

describe('a signature by a key', () => {
  it.each(['p256', 'p384', 'p521'])('is wrong where one byte of it is another: %s', async name => {
    const read = await readModelSignature(signatureBytes(name))
    const key = publicKey(`${name}.pub`)
    for (const part of ['payload', 'signature'] as const) {
      for (let at = 0; at < read[part].length; at += 7) {
        const bytes = Buffer.from(read[part])
        bytes[at]! ^= 1
        expect(() => verifyByKey({ ...read, [part]: bytes }, key)).toThrow(
          expect.objectContaining({ code: 'TABLE_CORRUPT' }),
        )
      }
    }
  })

  it('is another’s, though it claims to be this one’s', async () => {
    const read = await readModelSignature(signatureBytes('p256'))
    const sha256 = createHash('sha256').update(publicKey('other.pub')).digest('hex')
    const claiming = { ...read, material: { kind: 'public-key' as const, hint: sha256 } }
    expect(() => verifyByKey(claiming, publicKey('other.pub'))).toThrow(/another key signed it/)
    const silent = { ...read, material: { kind: 'public-key' as const } }
    expect(() => verifyByKey(silent, publicKey('other.pub'))).toThrow(/another key signed it/)
    expect(verifyByKey(silent, publicKey('p256.pub')).signer.kind).toBe('public-key')
  })

  it('needs a public key on one of three curves', async () => {
    const read = await readModelSignature(signatureBytes('p256'))
    const keys = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
      generateKeyPairSync('ed25519').publicKey,
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
      'no key',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    ]
    for (const key of keys) {
      expect(() => verifyByKey(read, key)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    }
  })

  it('names the key that verified it', async () => {
    const { signer, statement } = await verified({ signature: 'p384', with: 'p384.pub' })
    const sha256 = createHash('sha256').update(publicKey('p384.pub')).digest('hex')
    expect(signer).toEqual({ kind: 'public-key', sha256 })
    expect([statement.subjectName, statement.files.length]).toEqual(['model', 7])
  })
})

describe('a signature by certificates', () => {
  it('names the certificate that signed it', async () => {
    const { signer } = await verified({ signature: 'certificate-expired', with: 'root.pem' })
    expect(signer).toMatchObject({
      kind: 'certificate',
      subject: 'CN=leaf-expired',
      issuer: 'CN=intermediate',
      validFrom: Date.UTC(2020, 0),
      validTo: Date.UTC(2021, 0),
    })
  })

  it('can be held to a time', async () => {
    const read = await readModelSignature(signatureBytes('certificate-expired'))
    const roots = [certificate('root.pem')]
    expect(() => verifyByCertificate(read, { roots, at: Date.UTC(2025, 0) })).toThrow(
      /certificate is not valid at 2025/,
    )
    expect(verifyByCertificate(read, { roots, at: Date.UTC(2020, 6) }).signer.kind).toBe(
      'certificate',
    )
  })

  it.each([
    ['certificate-impostor', 'root.pem', /no certificate that issued "CN=intermediate" is known/],
    ['certificate-impostor-beside', 'root.pem', /"CN=intermediate" has not signed what names it/],
    ['certificate-path-length', 'root.pem', /"CN=intermediate" may have no 1 certificates below/],
    [
      'certificate-leaf-signs',
      'root.pem',
      /no certificate that issued "CN=leaf-leaf-signs" is known/,
    ],
    [
      'certificate-no-cert-sign',
      'root.pem',
      /no certificate that issued "CN=leaf-no-cert-sign" is known/,
    ],
    ['certificate-late-issuer', 'root.pem', /"CN=late-intermediate" is not valid at 2024/],
    ['certificate-strange', 'root.pem', /critical extension that is not known \(1\.3\.6\.1\.4/],
    ['certificate-constrained', 'root.pem', /critical extension that is not known \(2\.5\.29\.30/],
    ['certificate-tls', 'root.pem', /may sign nothing/],
    ['p256', 'root.pem', /signed by a key: it is verified by its public key/],
    ['certificate-good', 'p256.pub', /signed by certificates/],
  ])('says why it is not trusted: %s', async (signature, using, message) => {
    await expect(verified({ signature, with: using })).rejects.toThrow(message)
  })

  it('is wrong where the payload is another', async () => {
    const read = await readModelSignature(signatureBytes('certificate-good'))
    const other = await readModelSignature(signatureBytes('certificate-with-root'))
    const roots = [certificate('root.pem')]
    const swapped = { ...read, signature: other.signature }
    expect(() => verifyByCertificate(swapped, { roots })).toThrow(/was changed/)
  })

  it('is refused where its certificates are none, or no roots are given', async () => {
    const read = await readModelSignature(signatureBytes('certificate-good'))
    const roots = [certificate('root.pem')]
    const broken = { kind: 'certificates' as const, certificates: [Buffer.from([0x30, 0x80])] }
    expect(() => verifyByCertificate({ ...read, material: broken }, { roots })).toThrow(
      /certificate in a model signature/,
    )
    expect(() => verifyByCertificate(read, { roots: [] })).toThrow(/lead to no root/)
    expect(() => verifyByCertificate(read, { roots: ['x'] })).toThrow(/certificates in PEM/)
  })

  it('of many certificates of one name ends soon', async () => {
    const read = await readModelSignature(signatureBytes('certificate-impostor-beside'))
    if (read.material.kind !== 'certificates') throw new Error('expected certificates')
    const [leaf, intermediate] = read.material.certificates
    const many = Array.from({ length: 5000 }, () => intermediate!)
    const material = { kind: 'certificates' as const, certificates: [leaf!, ...many] }
    expect(() =>
      verifyByCertificate({ ...read, material }, { roots: [certificate('other-root.pem')] }),
    ).toThrow(/lead to no root/)
  })
})
