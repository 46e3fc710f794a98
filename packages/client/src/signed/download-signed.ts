import { createHash } from 'node:crypto'
import type { VerifiedSignature } from '@spillway/assets'
import { isTableError, TableError } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient, FoundAsset } from '../assets/asset-client.js'
import { folderText, parseAssetName, type VersionedName } from '../assets/asset-name.js'
import { isReserved } from '../download/disk/reserved-names.js'
import { downloadAsset } from '../download/download-asset.js'
import type { DownloadOptions, DownloadResult } from '../download/download-options.js'
import {
  checkSigned,
  MAX_SIGNATURE_BYTES,
  requireTrust,
  SIGNATURE_PATH,
  type SignatureCheck,
  type SignatureTrust,
  verifiedSignature,
} from './signature-check.js'

export interface SignedDownload {
  readonly signature: SignatureCheck
  /** Absent where the digests that the provider states are already others than were signed: nothing was fetched. */
  readonly download?: DownloadResult | undefined
}

export interface DownloadSignedOptions extends DownloadOptions {
  readonly trust: SignatureTrust
}

/** `downloadSigned` of the package's entry, which says what it does. */
export async function downloadSigned(
  client: AssetClient,
  name: string | VersionedName,
  { trust, ...options }: DownloadSignedOptions,
): Promise<SignedDownload> {
  requireTrust(trust)
  const asked = typeof name === 'string' ? parseAssetName(name) : name
  const found = await client.asset(asked, { kind: options.kind, signal: options.signal })
  const bytes = await signatureOf(client, found, options.signal)
  const verified = await verifiedSignature(bytes, trust)
  const before = await checkListed(client, found, { verified, trust, options })
  if (!before.ok) return { signature: before }
  const download = await downloadAsset(client, chosenName(asked, found), options)
  requireSameSignature(download, bytes)
  const { files, leftBehind } = download
  const { include, exclude } = options
  const signature = await checkSigned(
    verified,
    { files, others: leftBehind, include, exclude },
    trust,
  )
  return { signature, download }
}

/** The version that an alias meant when its signature was read. */
function chosenName(asked: VersionedName, { folder }: FoundAsset): VersionedName {
  return folder.kind === 'model' ? { ...asked, version: String(folder.version) } : asked
}

async function signatureOf(
  client: AssetClient,
  { folder }: FoundAsset,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    return await client.fetchFile(folder, SIGNATURE_PATH, { maxBytes: MAX_SIGNATURE_BYTES, signal })
  } catch (error) {
    if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
    throw new TableError(
      'NOT_FOUND',
      `${folderText(folder)} is not signed: it has no ${SIGNATURE_PATH}`,
      { cause: error },
    )
  }
}

interface Checking {
  readonly verified: VerifiedSignature
  readonly trust: SignatureTrust
  readonly options: DownloadOptions
}

/** By the digests that the provider states, where it does: what is wrong already is not fetched. */
async function checkListed(
  client: AssetClient,
  { folder }: FoundAsset,
  { verified, trust, options: { include, exclude, maxFiles, signal } }: Checking,
): Promise<SignatureCheck> {
  const files: WireAssetFile[] = []
  for await (const page of client.files(folder, { signal, maxFiles })) {
    for (const file of page.files) if (!isReserved(file.path)) files.push(file)
  }
  return checkSigned(verified, { files, include, exclude }, trust)
}

function requireSameSignature({ files, asset }: DownloadResult, bytes: Uint8Array): void {
  const found = files.find(({ path }) => path === SIGNATURE_PATH)?.sha256
  if (found === undefined || found === createHash('sha256').update(bytes).digest('hex')) return
  throw new TableError(
    'CONFLICT',
    `${SIGNATURE_PATH} of ${asset} changed while its files were downloaded: begin again`,
  )
}
