import { isTableError, TableError } from '@spillway/core'
import type { WireSignedFile } from '@spillway/protocol/wire'
import { type RetryOptions, withRetries } from '../http/retry.js'
import type { AssetClient, FetchFileOptions } from './asset-client.js'
import type { FolderName } from './asset-name.js'

interface WantedFile {
  readonly folder: FolderName
  readonly path: string
  readonly retry: RetryOptions
}

const MAX_BYTES = 64 * 1024 * 1024
/** Requests for URLs, where those that were given are refused or the file is another meanwhile. */
const MAX_SIGNED = 3

/** See `AssetClient.fetchFile`. */
export async function fetchFile(
  client: Pick<AssetClient, 'fileUrls' | 'openFile'>,
  { folder, path, retry }: WantedFile,
  { maxBytes = MAX_BYTES, signal }: FetchFileOptions,
): Promise<Uint8Array> {
  for (let signed = 1; ; signed++) {
    const [file] = await client.fileUrls(folder, [path], signal && { signal })
    if (file!.size > maxBytes) {
      throw new TableError(
        'INVALID_REQUEST',
        `expected at most ${maxBytes} bytes, found ${file!.size} in ${JSON.stringify(path.slice(0, 300))}: download it instead`,
        { context: { path: path.slice(0, 300) } },
      )
    }
    try {
      return await withRetries(() => wholeFile(client, file!, signal), { ...retry, signal })
    } catch (error) {
      const isStale = isTableError(error) && ['PERMISSION_DENIED', 'CONFLICT'].includes(error.code)
      if (!isStale || signed >= MAX_SIGNED) throw error
    }
  }
}

async function wholeFile(
  client: Pick<AssetClient, 'openFile'>,
  file: WireSignedFile,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { chunks } = await client.openFile(file, { signal })
  const bytes = new Uint8Array(file.size)
  let at = 0
  for await (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  if (file.sha256 !== undefined) await checkDigest(bytes, file)
  return bytes
}

async function checkDigest(
  bytes: Uint8Array<ArrayBuffer>,
  { path, sha256 }: WireSignedFile,
): Promise<void> {
  const { subtle } = globalThis.crypto
  if (subtle === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'files are verified in secure contexts alone: open the page by https',
      { context: { feature: 'WebCrypto' } },
    )
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes))
  const found = Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
  if (found === sha256) return
  throw new TableError(
    'TABLE_CORRUPT',
    `the bytes of ${JSON.stringify(path.slice(0, 300))} are not those that the provider digested: expected sha256 ${sha256}, found ${found}`,
    { context: { path: path.slice(0, 300) } },
  )
}
