import { X509Certificate } from 'node:crypto'
import { TableError } from '@spillway/core'

/** A certificate, with what Node does not tell of its extensions. */
export interface Certificate {
  readonly x509: X509Certificate
  /** Epoch milliseconds, both included. */
  readonly validFrom: number
  readonly validTo: number
  /** Undefined where it does not restrict its use. */
  readonly usage?: { readonly signs: boolean; readonly issues: boolean } | undefined
  /** Object identifiers of extended uses. */
  readonly extendedUsage: readonly string[]
  /** How many certificates may stand between it and that of a signer. */
  readonly pathLength: number
  /** The first critical extension that is not understood here. */
  readonly unknown?: string | undefined
  /** Of the algorithm that its issuer signed it with. */
  readonly algorithm: string
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE])

/** Of DER or PEM. Throws `INVALID_REQUEST` where it is none. */
export function readCertificate(bytes: string | Uint8Array): Certificate {
  try {
    const x509 = new X509Certificate(bytes)
    return { x509, ...factsOf(x509) }
  } catch (cause) {
    throw new TableError('INVALID_REQUEST', 'expected a certificate, found none', { cause })
  }
}

function factsOf(x509: X509Certificate): Omit<Certificate, 'x509'> {
  const [certificate] = valuesOf(x509.raw)
  const [tbs, algorithm] = valuesOf(certificate!.content)
  const wrapped = valuesOf(tbs!.content).find(({ tag }) => tag === EXTENSIONS)
  const extensions = wrapped === undefined ? [] : valuesOf(valuesOf(wrapped.content)[0]!.content)
  const found = new Map<string, Uint8Array>()
  let unknown: string | undefined
  for (const extension of extensions) {
    const parts = valuesOf(extension.content)
    const id = objectIdentifier(parts[0]!.content)
    const isCritical = parts[1]!.tag === BOOLEAN && parts[1]!.content[0] !== 0
    if (isCritical && !UNDERSTOOD.has(id)) unknown ??= id
    if (found.has(id)) unknown ??= id
    found.set(id, parts.at(-1)!.content)
  }
  return {
    validFrom: Date.parse(x509.validFrom),
    validTo: Date.parse(x509.validTo),
    usage: usageOf(found.get(KEY_USAGE)),
    extendedUsage: x509.keyUsage ?? [],
    pathLength: pathLengthOf(found.get(BASIC_CONSTRAINTS)),
    unknown,
    algorithm: objectIdentifier(valuesOf(algorithm!.content)[0]!.content),
  }
}

const BOOLEAN = 0x01
const INTEGER = 0x02
/** `[3]` of a certificate. */
const EXTENSIONS = 0xa3

interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
}

/** The values of DER that stand one behind the other in `bytes`, which OpenSSL has read before. */
function valuesOf(bytes: Uint8Array): readonly DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at]!
    let length = bytes[at + 1]!
    let start = at + 2
    if (length >= 0x80) {
      const digits = length & 0x7f
      length = 0
      for (let i = 0; i < digits; i++) length = length * 256 + bytes[start + i]!
      start += digits
    }
    if (!(start + length <= bytes.length)) throw new RangeError('a value goes beyond its end')
    values.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return values
}

function objectIdentifier(bytes: Uint8Array): string {
  const first = bytes[0]!
  const parts = first < 80 ? [Math.floor(first / 40), first % 40] : [2, first - 80]
  let part = 0
  for (const byte of bytes.subarray(1)) {
    part = part * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    parts.push(part)
    part = 0
  }
  return parts.join('.')
}

/** A text of bits, the first of which is `digitalSignature`, and the sixth `keyCertSign`. */
function usageOf(extension: Uint8Array | undefined): Certificate['usage'] {
  if (extension === undefined) return undefined
  const bits = valuesOf(extension)[0]!.content[1] ?? 0
  return { signs: (bits & 0x80) !== 0, issues: (bits & 0x04) !== 0 }
}

function pathLengthOf(extension: Uint8Array | undefined): number {
  if (extension === undefined) return Number.POSITIVE_INFINITY
  const length = valuesOf(valuesOf(extension)[0]!.content).find(({ tag }) => tag === INTEGER)
  if (length === undefined) return Number.POSITIVE_INFINITY
  return length.content.reduce((sum, byte) => sum * 256 + byte, 0)
}
