import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { isNotFound, s3Error } from './errors.js'
import { locate, sending } from './request.js'

/** A composite one is of the digests of parts, and ends with their number: it says nothing of the bytes in one go. */
export async function storedDigest(
  client: S3Client,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const command = new HeadObjectCommand({ ...locate(path), ChecksumMode: 'ENABLED' })
    const { ChecksumSHA256: text, ChecksumType: type } = await client.send(command, sending(signal))
    if (text === undefined || type === 'COMPOSITE') return undefined
    const digest = Buffer.from(text, 'base64')
    return /^[A-Za-z0-9+/]{43}=$/.test(text) ? digest.toString('hex') : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw s3Error(error, 'read', path)
  }
}
