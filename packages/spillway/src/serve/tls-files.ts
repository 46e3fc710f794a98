import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { TableError } from '@spillway/core'
import { watchFile } from './watch-file.js'

/** Paths of PEM files: the certificate with its chain behind it, and its key without a passphrase. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

/** What a server is made with, and given again when the files change. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
  /** When the certificate ends, epoch milliseconds. */
  readonly endsAt: number
}

/** Reads both files, and says of each what is wrong with it. Nothing of the key is ever told. */
export async function readTlsPair(files: TlsFiles, now = Date.now()): Promise<TlsPair> {
  const cert = await readPem(files.certificate, 'certificate')
  const key = await readPem(files.key, 'key')
  const certificate = certificateOf(cert)
  const privateKey = privateKeyOf(key)
  if (!certificate.checkPrivateKey(privateKey)) {
    throw refused('key', `it does not belong to the certificate (${nameOf(certificate)})`)
  }
  const [startsAt, endsAt] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  if (now >= endsAt) throw refused('certificate', `it ended at ${dateOf(endsAt)}`)
  if (now < startsAt) throw refused('certificate', `it begins at ${dateOf(startsAt)}`)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw refused('certificate', `TLS refuses it: ${(cause as Error).message}`)
  }
  return { cert, key, endsAt }
}

/** Calls `changed` with the new pair, or with why the old one is kept. */
export function watchTlsPair(
  files: TlsFiles,
  changed: (pair: TlsPair | TableError) => void,
  everyMs?: number,
): { stop(): void } {
  let latest = 0
  const look = async () => {
    const turn = ++latest
    const read = await readTlsPair(files).catch((error: TableError) => error)
    // Files that changed again meanwhile are read by whoever saw that.
    if (turn === latest) changed(read)
  }
  const watching = [files.certificate, files.key].map(file =>
    watchFile(file, () => void look(), everyMs),
  )
  return {
    stop() {
      latest = Number.POSITIVE_INFINITY
      for (const each of watching) each.stop()
    },
  }
}

async function readPem(path: string, name: keyof TlsFiles): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw refused(name, `the file cannot be read: ${(cause as Error).message}`)
  }
}

function certificateOf(text: string): X509Certificate {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) && !text.includes('BEGIN CERTIFICATE')) {
    throw refused('certificate', 'expected a certificate, found a private key')
  }
  try {
    return new X509Certificate(text)
  } catch {
    throw refused('certificate', 'expected a PEM file that begins with a certificate')
  }
}

function privateKeyOf(text: string): KeyObject {
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw refused('key', 'expected a key without a passphrase, found one with')
  }
  try {
    return createPrivateKey(text)
  } catch {
    const found = text.includes('BEGIN CERTIFICATE') ? ', found a certificate' : ''
    throw refused('key', `expected a private key in PEM${found}`)
  }
}

function nameOf({ subject, serialNumber }: X509Certificate): string {
  return (subject ?? '').replaceAll('\n', ', ') || `serial number ${serialNumber}`
}

function dateOf(time: number): string {
  return new Date(time).toISOString()
}

function refused(name: keyof TlsFiles, reason: string): TableError {
  return new TableError('INVALID_REQUEST', `server.tls.${name}: ${reason}`)
}
