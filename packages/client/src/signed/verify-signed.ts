import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { TableError } from '@spillway/core'
import { openPlain } from '../download/disk/own-file.js'
import {
  type VerifiedDownload,
  type VerifyOptions,
  verifyDownload,
} from '../download/verify-download.js'
import {
  checkSigned,
  MAX_SIGNATURE_BYTES,
  requireTrust,
  SIGNATURE_PATH,
  type SignatureCheck,
  type SignatureTrust,
  verifiedSignature,
} from './signature-check.js'

export interface VerifySignedOptions extends VerifyOptions {
  readonly trust: SignatureTrust
}

export interface VerifiedSigned {
  readonly download: VerifiedDownload
  readonly signature: SignatureCheck
}

/** `verifySigned` of the package's entry, which says what it does. */
export async function verifySigned(
  folder: string,
  { trust, ...options }: VerifySignedOptions,
): Promise<VerifiedSigned> {
  requireTrust(trust)
  const download = await verifyDownload(folder, options)
  const verified = await verifiedSignature(await signatureIn(folder, download), trust)
  const { files, different, extra } = download
  // Another content than was downloaded is none that was signed, unless both were exchanged: it is told by its name.
  const signature = await checkSigned(verified, { files, others: [...different, ...extra] }, trust)
  return { download, signature }
}

/** The bytes that were digested a moment ago: whoever exchanges the file meanwhile is found out. */
async function signatureIn(folder: string, { files }: VerifiedDownload): Promise<Uint8Array> {
  const known = files.find(({ path }) => path === SIGNATURE_PATH)
  if (known === undefined || known.size > MAX_SIGNATURE_BYTES) {
    throw new TableError(
      'NOT_FOUND',
      `${JSON.stringify(folder)} is not signed: no ${SIGNATURE_PATH} was downloaded into it, or it was changed`,
      { context: { path: folder } },
    )
  }
  const handle = await openPlain(join(folder, SIGNATURE_PATH), SIGNATURE_PATH)
  try {
    const bytes = Buffer.alloc(known.size)
    await handle.read(bytes, 0, bytes.length, 0)
    if (createHash('sha256').update(bytes).digest('hex') === known.sha256) return bytes
  } finally {
    await handle.close()
  }
  throw new TableError('CONFLICT', `${SIGNATURE_PATH} changed while the folder was read`)
}
