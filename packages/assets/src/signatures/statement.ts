import { corrupt, hexText } from '@spillway/core'
import { JsonMembers } from '../documents/json-members.js'
import { type JsonPlace, readStrictJson } from '../documents/strict-json.js'
import { type HashOptions, webHasher } from '../manifest/hasher.js'
import { bytesOfHex } from '../manifest/hex-bytes.js'
import { requireSafePath } from '../paths/safe-path.js'

/** What a signature says. It is believed once the signature is verified. */
export interface ModelStatement {
  /** The name of the model's folder when it was signed. */
  readonly subjectName: string
  /** `sha256:` and 64 hexadecimal digits, as `modelSigningDigest` gives. */
  readonly subjectDigest: string
  readonly files: readonly SignedFile[]
  /** Files and folders that were left out: nothing is known of them. */
  readonly ignorePaths: readonly string[]
  /** True where symbolic links were followed when it was signed. */
  readonly allowsSymlinks: boolean
}

export interface SignedFile {
  readonly path: string
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
}

const STATEMENT = 'https://in-toto.io/Statement/v1'
const PREDICATE = 'https://model_signing/signature/v1.0'
const OLD_PREDICATE = 'https://model_signing/Digests/v0.1'
const SHA256 = /^[0-9a-f]{64}$/

/** The statement in the payload of an envelope. Unknown members are left alone, as version 1.0 asks for. */
export async function readStatement(
  payload: Uint8Array,
  { path }: { readonly path?: string | undefined },
  { newHasher = webHasher }: HashOptions = {},
): Promise<ModelStatement> {
  const place: JsonPlace = { what: 'the statement of a model signature', path }
  const root = new JsonMembers(readStrictJson(payload, place), place)
  if (root.text('_type') !== STATEMENT) throw root.fault(`expected ${STATEMENT}`, '_type')
  requirePredicate(root)
  const [subject, ...more] = root.each('subject')
  if (subject === undefined || more.length > 0) throw root.fault('expected one', 'subject')
  const subjectDigest = subject.members('digest').text('sha256')
  const predicate = root.members('predicate')
  const serialization = serializationOf(predicate)
  const files = predicate.each('resources').map(signedFile)
  const names = new Set(files.map(file => file.path))
  if (names.size < files.length) throw predicate.fault('it has a name twice', 'resources')
  const hasher = newHasher()
  hasher.update(bytesOfHex(files.map(({ sha256 }) => sha256).join('')))
  const found = hexText(await hasher.digest())
  if (found !== subjectDigest) {
    const reason = `its subject has the digest ${subjectDigest.slice(0, 80)}, its files have ${found}`
    throw corrupt(place.what, reason, { path })
  }
  return {
    subjectName: subject.text('name'),
    subjectDigest: `sha256:${subjectDigest}`,
    files,
    ...serialization,
  }
}

function requirePredicate(root: JsonMembers): void {
  const type = root.text('predicateType')
  if (type === PREDICATE) return
  if (type === OLD_PREDICATE) {
    throw root.unsupported('is one of model-signing before 1.0: the model has to be signed anew')
  }
  throw root.fault(
    `expected ${PREDICATE}, found ${JSON.stringify(type.slice(0, 200))}`,
    'predicateType',
  )
}

function serializationOf(
  predicate: JsonMembers,
): Pick<ModelStatement, 'ignorePaths' | 'allowsSymlinks'> {
  const serialization = predicate.members('serialization')
  const method = serialization.text('method')
  if (method !== 'files') {
    const what = JSON.stringify(method.slice(0, 200))
    throw serialization.unsupported(`is by ${what}: sign it anew, each file whole ("files")`)
  }
  const hash = serialization.text('hash_type')
  if (hash !== 'sha256') {
    const what = JSON.stringify(hash.slice(0, 200))
    throw serialization.unsupported(`has digests by ${what}: sign it anew with sha256`)
  }
  return {
    ignorePaths: serialization.has('ignore_paths') ? serialization.texts('ignore_paths') : [],
    allowsSymlinks: serialization.boolean('allow_symlinks'),
  }
}

function signedFile(resource: JsonMembers): SignedFile {
  const algorithm = resource.text('algorithm')
  const sha256 = resource.text('digest')
  if (algorithm !== 'sha256') {
    const what = JSON.stringify(algorithm.slice(0, 200))
    throw resource.unsupported(`has digests by ${what}: sign it anew with sha256`)
  }
  if (!SHA256.test(sha256)) throw resource.fault('expected 64 hexadecimal digits', 'digest')
  const where = 'in a model signature'
  return { path: requireSafePath(resource.text('name'), { code: 'TABLE_CORRUPT', where }), sha256 }
}
