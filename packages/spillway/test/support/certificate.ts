import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** One element of DER: its tag, its length, its parts. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), body])
  const bytes = length < 256 ? [length] : [length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length, ...bytes), body])
}

const SEQUENCE = 0x30
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid('2a8648ce3d040302'))

function nameOf(text: string): Buffer {
  return der(SEQUENCE, der(0x31, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from(text)))))
}

function timeOf(time: number): Buffer {
  const text = new Date(time).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x18, Buffer.from(text))
}

export interface MadePair {
  readonly certificate: string
  readonly key: string
  readonly privateKey: KeyObject
}

const DAY_MS = 86_400_000

/** A certificate of its own for 127.0.0.1 (RFC 5280), which clients that are handed it believe. */
export function makeCertificate(
  options: { readonly name?: string; readonly startsAt?: number; readonly endsAt?: number } = {},
): MadePair {
  const { name = 'share', startsAt = Date.now() - DAY_MS, endsAt = Date.now() + DAY_MS } = options
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const alternatives = der(SEQUENCE, der(0x87, Buffer.of(127, 0, 0, 1)))
  const extensions = der(
    SEQUENCE,
    der(
      SEQUENCE,
      oid('551d13'),
      der(0x01, Buffer.of(255)),
      der(0x04, der(SEQUENCE, der(0x01, Buffer.of(255)))),
    ),
    der(SEQUENCE, oid('551d11'), der(0x04, alternatives)),
  )
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1, ...Buffer.from(String(endsAt).slice(-4)))),
    ECDSA_WITH_SHA256,
    nameOf(name),
    der(SEQUENCE, timeOf(startsAt), timeOf(endsAt)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = sign('sha256', body, privateKey)
  const whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), signature))
  const lines = whole.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
  }
}
