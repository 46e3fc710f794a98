import { describe, expect, it } from 'vitest'
import { modelSigningDigest, readManifest, readModelSignature } from '../../src/index.js'
import { modelManifest, signatureBytes } from '../support/signed-model.js'

type Json = Record<string, unknown>
const bundle = (): Json => JSON.parse(signatureBytes('p256').toString())
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

/** The bundle of a statement that was changed. */
function stating(change: (statement: Json) => unknown): Buffer {
  const one = bundle()
  const envelope = one.dsseEnvelope as Json
  const statement = JSON.parse(Buffer.from(envelope.payload as string, 'base64').toString())
  change(statement)
  envelope.payload = bytes(statement).toString('base64')
  return bytes(one)
}

function changed(change: (one: Json) => unknown): Buffer {
  const one = bundle()
  change(one)
  return bytes(one)
}

const resources = (statement: Json) => (statement.predicate as Json).resources as Json[]
const serialization = (statement: Json) => (statement.predicate as Json).serialization as Json

describe('a model signature', () => {
  it('claims what modelSigningDigest gives', async () => {
    const { claims } = await readModelSignature(signatureBytes('p256'))
    expect(claims.subjectDigest).toBe(await modelSigningDigest(await modelManifest(null, 'p256')))
    expect(claims.ignorePaths.toSorted()).toEqual([
      '.git',
      '.gitattributes',
      '.github',
      '.gitignore',
      'model.sig',
    ])
  })

  it.each([
    ['no JSON', Buffer.from('x'), 'TABLE_CORRUPT', /as JSON/],
    ['no object', Buffer.from('[]'), 'TABLE_CORRUPT', /expected an object, found a list/],
    ['a key twice', Buffer.from('{"mediaType":1,"media\\u0054ype":2}'), 'TABLE_CORRUPT', /twice/],
    ['deep JSON', Buffer.from(`${'['.repeat(1e5)}`), 'UNSUPPORTED_FEATURE', /64 levels/],
    [
      'another media type',
      changed(b => Object.assign(b, { mediaType: 'x' })),
      'UNSUPPORTED_FEATURE',
      /"x"/,
    ],
    [
      'another payload',
      changed(b => Object.assign(b.dsseEnvelope as Json, { payloadType: 'x' })),
      'TABLE_CORRUPT',
      /payloadType/,
    ],
    [
      'two signatures',
      changed(b => {
        const envelope = b.dsseEnvelope as Json
        envelope.signatures = [...(envelope.signatures as Json[]), { sig: '', keyid: '' }]
      }),
      'TABLE_CORRUPT',
      /expected one/,
    ],
    [
      'no base64',
      changed(b => Object.assign(b.dsseEnvelope as Json, { payload: 'e30\n=' })),
      'TABLE_CORRUPT',
      /payload: expected base64/,
    ],
    [
      'key and certificates',
      changed(b => Object.assign(b.verificationMaterial as Json, { x509CertificateChain: {} })),
      'TABLE_CORRUPT',
      /found 2/,
    ],
    [
      'no certificates',
      changed(b =>
        Object.assign(b, { verificationMaterial: { x509CertificateChain: { certificates: [] } } }),
      ),
      'TABLE_CORRUPT',
      /found 0/,
    ],
    ['another statement', stating(s => Object.assign(s, { _type: 'x' })), 'TABLE_CORRUPT', /_type/],
    [
      'the predicate of another',
      stating(s => Object.assign(s, { predicateType: 'https://slsa.dev/provenance/v1' })),
      'TABLE_CORRUPT',
      /predicateType/,
    ],
    [
      'the predicate before 1.0',
      stating(s => Object.assign(s, { predicateType: 'https://model_signing/Digests/v0.1' })),
      'UNSUPPORTED_FEATURE',
      /signed anew/,
    ],
    [
      'no subject',
      stating(s => Object.assign(s, { subject: [] })),
      'TABLE_CORRUPT',
      /subject: expected one/,
    ],
    ['a file less', stating(s => resources(s).pop()), 'TABLE_CORRUPT', /its files have/],
    ['files swapped', stating(s => resources(s).reverse()), 'TABLE_CORRUPT', /its files have/],
    ['a file twice', stating(s => resources(s).push(resources(s)[0]!)), 'TABLE_CORRUPT', /twice/],
    [
      'a name that climbs',
      stating(s => Object.assign(resources(s)[0]!, { name: '../x' })),
      'TABLE_CORRUPT',
      /in a model signature/,
    ],
    [
      'a short digest',
      stating(s => Object.assign(resources(s)[0]!, { digest: 'ab' })),
      'TABLE_CORRUPT',
      /64 hexadecimal/,
    ],
    [
      'links neither allowed nor not',
      stating(s => Object.assign(serialization(s), { allow_symlinks: 'false' })),
      'TABLE_CORRUPT',
      /allow_symlinks: expected true or false/,
    ],
    ['parts of files', signatureBytes('shards'), 'UNSUPPORTED_FEATURE', /by "shards"/],
    ['another hash', signatureBytes('blake2'), 'UNSUPPORTED_FEATURE', /by "blake2/],
  ])('is refused: %s', async (_, bad, code, message) => {
    await expect(readModelSignature(bad, { path: 'model.sig' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('by an identity of Sigstore is read, and says so', async () => {
    const keyless = changed(b =>
      Object.assign(b, { verificationMaterial: { certificate: { rawBytes: '' } } }),
    )
    expect((await readModelSignature(keyless)).material).toEqual({ kind: 'keyless' })
  })

  it('may have members that nobody knows yet', async () => {
    const more = stating(s => Object.assign(s.predicate as Json, { later: { a: 1 } }))
    expect((await readModelSignature(more)).claims.files.length).toBe(7)
  })

  it('is no manifest', async () => {
    await expect(readManifest(signatureBytes('p256'))).rejects.toThrow(/manifest/)
  })
})
