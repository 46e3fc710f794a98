import type { AssetClient } from './assets/asset-client.js'
import type { VersionedName } from './assets/asset-name.js'
import type { DownloadOptions, DownloadResult } from './download/download-options.js'
import type { VerifiedDownload, VerifyOptions } from './download/verify-download.js'
import type { DownloadSignedOptions, SignedDownload } from './signed/download-signed.js'
import type { VerifiedSigned, VerifySignedOptions } from './signed/verify-signed.js'

// Each call is loaded with its first use: a program that lists and queries needs none of them.

/**
 * Puts the files of a volume, of a skill or of a version of a model into a folder. Each appears under its name once all of its
 * bytes are there and have the digest that the provider states, where it states one. What was stopped goes on where it was; what
 * is there already is not fetched again. `CONFLICT` where what is pinned has changed, another process writes into the folder, or
 * something else lies in it; names that are not safe, and links in the folder, are refused.
 */
export async function downloadAsset(
  client: AssetClient,
  name: string | VersionedName,
  options: DownloadOptions,
): Promise<DownloadResult> {
  const loaded = await import('./download/download-asset.js')
  return loaded.downloadAsset(client, name, options)
}

/** Reads a folder again that downloads were made into, and says where it is not what they made. */
export async function verifyDownload(
  folder: string,
  options: VerifyOptions = {},
): Promise<VerifiedDownload> {
  const loaded = await import('./download/verify-download.js')
  return loaded.verifyDownload(folder, options)
}

/**
 * `downloadAsset` of what has to be signed. Throws before a file is fetched where there is no `model.sig`, or it is not right or
 * of another signer; compares what the provider states before, and what was downloaded after. No file is read once more.
 */
export async function downloadSigned(
  client: AssetClient,
  name: string | VersionedName,
  options: DownloadSignedOptions,
): Promise<SignedDownload> {
  const loaded = await import('./signed/download-signed.js')
  return loaded.downloadSigned(client, name, options)
}

/**
 * `verifyDownload` of what has to be signed: the digests of its pass are those that the signature is held to. Whatever lies in
 * the folder and is not signed is among `unsigned`.
 */
export async function verifySigned(
  folder: string,
  options: VerifySignedOptions,
): Promise<VerifiedSigned> {
  const loaded = await import('./signed/verify-signed.js')
  return loaded.verifySigned(folder, options)
}
