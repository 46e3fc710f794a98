import { type DeleteFile, TableError, type TableSource, uuidText, z85Decode } from '@spillway/core'
import { shownText } from '../values/shown-text.js'
import { resolvePath } from './data-path.js'

/** PROTOCOL.md, "Deletion Vector Descriptor Schema". */
export interface VectorDescriptor {
  readonly storageType: string
  readonly pathOrInlineDv: string
  readonly offset?: number | undefined
  readonly sizeInBytes: number
  readonly cardinality: number
}

/** The id of a vector, which with the path tells one logical file from another: `storageType + pathOrInlineDv[@offset]`. */
export function vectorId(vector: VectorDescriptor): string {
  const id = vector.storageType + vector.pathOrInlineDv
  return vector.offset === undefined ? id : `${id}@${vector.offset}`
}

const LENGTH_BYTES = 4
const FIRST_VECTOR_OFFSET = 1
const MAX_INLINE_BYTES = 1 << 24

/** A descriptor as rows to subtract. A vector in a file lies between its length and its checksum. */
export function vectorFile(source: TableSource, vector: VectorDescriptor): DeleteFile {
  const { cardinality, sizeInBytes } = vector
  if (!isCount(cardinality) || !isCount(sizeInBytes)) {
    throw invalid(vector, 'sizeInBytes and cardinality must be whole numbers')
  }
  const id = vectorId(vector)
  if (vector.storageType === 'i') {
    if (sizeInBytes > MAX_INLINE_BYTES) throw invalid(vector, 'an inline vector is too long')
    return inlineVector(vector, id)
  }
  // A file of vectors starts with one byte, its format version: where no offset is given there is one vector.
  const start = vector.offset ?? FIRST_VECTOR_OFFSET
  if (!isInt(start) || !isInt(sizeInBytes)) {
    throw invalid(vector, 'offset and sizeInBytes must be whole numbers of 32 bits')
  }
  const offset = start + LENGTH_BYTES
  const bitmap = { path: vectorPath(source, vector), offset, length: sizeInBytes }
  return { kind: 'deletion-vector', id, bitmap, cardinality }
}

/** Decoded when somebody wants its positions: of many files at once it would be much work at once. */
function inlineVector(vector: VectorDescriptor, id: string): DeleteFile {
  let decoded: Uint8Array | undefined
  return {
    kind: 'deletion-vector',
    id,
    get bitmap() {
      decoded ??= inlineBitmap(vector)
      return decoded
    },
    cardinality: vector.cardinality,
    inlineBytes: vector.sizeInBytes,
  }
}

function inlineBitmap(vector: VectorDescriptor): Uint8Array {
  const bytes = decodeZ85(vector, vector.pathOrInlineDv)
  if (bytes.length < vector.sizeInBytes) {
    throw invalid(vector, `${vector.sizeInBytes} bytes expected, ${bytes.length} found inline`)
  }
  return bytes.subarray(0, vector.sizeInBytes)
}

const UUID_LENGTH = 20

/** Where the file of a vector that is not inline lies. */
function vectorPath(source: TableSource, vector: VectorDescriptor): string {
  const { storageType, pathOrInlineDv } = vector
  if (storageType === 'p') return resolvePath(source, pathOrInlineDv)
  if (storageType !== 'u') {
    throw invalid(vector, `storage type '${shownText(storageType)}' is not i, u or p`)
  }
  if (pathOrInlineDv.length < UUID_LENGTH) throw invalid(vector, 'the encoded UUID is too short')
  const prefix = pathOrInlineDv.slice(0, -UUID_LENGTH)
  const name = `deletion_vector_${uuidText(decodeZ85(vector, pathOrInlineDv.slice(-UUID_LENGTH)))}.bin`
  const folder = source.location.endsWith('/') ? source.location : `${source.location}/`
  return folder + (prefix === '' ? name : `${prefix}/${name}`)
}

function decodeZ85(vector: VectorDescriptor, text: string): Uint8Array {
  try {
    const tail = text.at(-5) === PADDING ? text.slice(-5) : ''
    const head = z85Decode(text.slice(0, text.length - tail.length))
    return tail === '' ? head : joined(head, paddedGroup(tail))
  } catch (cause) {
    throw invalid(vector, 'the text is not Z85', cause)
  }
}

const PADDING = '#'

/**
 * Some writers do not fill the last four bytes up but shorten the group: as many `#` in front as bytes are missing. No
 * whole group starts with one, since it would exceed 32 bits.
 */
function paddedGroup(group: string): Uint8Array {
  const missing = Math.min(3, /^#*/.exec(group)![0].length)
  // Decoded at the end of a group of zeros, the digits keep their worth.
  const whole = z85Decode('0'.repeat(missing) + group.slice(missing))
  return whole.subarray(missing)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** True for an `Int` of the protocol, as offset and size are: what is past it is no place in a file for any reader. */
function isInt(value: number): boolean {
  return isCount(value) && value <= MAX_INT
}

const MAX_INT = 2 ** 31 - 1

function invalid(vector: VectorDescriptor, reason: string, cause?: unknown): TableError {
  return new TableError('TABLE_CORRUPT', `invalid deletion vector descriptor: ${reason}`, {
    context: { vector: shownText(vectorId(vector)) },
    cause,
  })
}
