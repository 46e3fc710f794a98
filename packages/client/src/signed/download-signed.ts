import { createHash } from 'node:crypto'
import { isTableError, TableError } from '@spillway/core'
import type { AssetClient, FoundAsset } from '../assets/asset-client.js'
import { folderText, parseAssetName, type VersionedName } from '../assets/asset-name.js'
import { listFolder } from '../assets/folder-listing.js'
import { withDirectAccess } from '../direct/with-direct-access.js'
import { isReserved } from '../download/disk/reserved-names.js'
import { downloadAsset } from '../download/download-asset.js'
import type { DownloadOptions, DownloadResult, FileState } from '../download/download-options.js'
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
  plain: AssetClient,
  name: string | VersionedName,
  { trust, ...options }: DownloadSignedOptions,
): Promise<SignedDownload> {
  requireTrust(trust)
  const client = withDirectAccess(plain, options)
  const { include, exclude, kind, maxFiles, signal } = options
  const asked = typeof name === 'string' ? parseAssetName(name) : name
  const found = await client.asset(asked, { kind, signal })
  // First: it shows how the folder is read, without which a file that is not there is not known from a path that is not.
  const listed = await listFolder(client, found.folder, { signal, maxFiles })
  const bytes = await signatureOf(client, found, signal)
  const verified = await verifiedSignature(bytes, trust)
  // What is wrong already, by the digests that the provider states, is not fetched.
  const stated = listed.files.filter(({ path }) => !isReserved(path))
  const before = await checkSigned(verified, { files: stated, include, exclude }, trust)
  if (!before.ok) return { signature: before }
  const download = await downloadAsset(plain, chosenName(asked, found), options)
  requireSameSignature(download, bytes)
  const { files: told, leftBehind } = download
  // What was left out, or never held still, is not there.
  const files = told.filter(({ state }) => !NOT_THERE.has(state))
  const signature = await checkSigned(
    verified,
    { files, others: leftBehind, include, exclude },
    trust,
  )
  return { signature, download }
}

const NOT_THERE: ReadonlySet<FileState> = new Set(['reserved', 'changing', 'gone'])

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

function requireSameSignature({ files, asset }: DownloadResult, bytes: Uint8Array): void {
  const found = files.find(({ path }) => path === SIGNATURE_PATH)?.sha256
  if (found === undefined || found === createHash('sha256').update(bytes).digest('hex')) return
  throw new TableError(
    'CONFLICT',
    `${SIGNATURE_PATH} of ${asset} changed while its files were downloaded: begin again`,
  )
}
