import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { AssetFile } from '@spillway/core'

/** What is known of a kept listing without its files. */
export interface KeptHead {
  readonly length: number
  /** Files of each piece but the last. */
  readonly pieceFiles: number
  /** The first path of each piece. */
  readonly firsts: readonly string[]
}

const VERSION = 1
/** What a piece of long names is at most, unpacked. */
const MOST_BYTES = 64 * 1024 ** 2

const [pack, unpack] = [promisify(gzip), promisify(gunzip)]

export async function packHead({ length, pieceFiles, firsts }: KeptHead): Promise<Uint8Array> {
  return pack(JSON.stringify([VERSION, length, pieceFiles, firsts]), { level: 1 })
}

/** Undefined of what no process of this version has written. */
export async function unpackHead(bytes: Uint8Array): Promise<KeptHead | undefined> {
  const [version, length, pieceFiles, firsts] = await unpackedArray(bytes)
  const isSound =
    version === VERSION &&
    Number.isSafeInteger(length) &&
    Number.isSafeInteger(pieceFiles) &&
    Number(pieceFiles) > 0 &&
    Array.isArray(firsts) &&
    firsts.length === Math.ceil(Number(length) / Number(pieceFiles)) &&
    firsts.every(each => typeof each === 'string')
  return isSound ? { length: Number(length), pieceFiles: Number(pieceFiles), firsts } : undefined
}

export async function packFiles(files: readonly AssetFile[]): Promise<Uint8Array> {
  const rows = files.map(({ path, size, lastModified, etag }) => [path, size, lastModified, etag])
  return pack(JSON.stringify(rows), { level: 1 })
}

/** Undefined of what no process of this version has written. */
export async function unpackFiles(bytes: Uint8Array): Promise<readonly AssetFile[] | undefined> {
  const rows = await unpackedArray(bytes)
  const files = rows.flatMap(row => {
    const [path, size, lastModified, etag] = Array.isArray(row) ? (row as readonly unknown[]) : []
    const isSound =
      typeof path === 'string' &&
      typeof size === 'number' &&
      typeof lastModified === 'number' &&
      (etag === null || typeof etag === 'string')
    return isSound ? [{ path, size, lastModified, etag: etag ?? undefined }] : []
  })
  return files.length === rows.length ? files : undefined
}

async function unpackedArray(bytes: Uint8Array): Promise<readonly unknown[]> {
  try {
    const text = await unpack(bytes, { maxOutputLength: MOST_BYTES })
    const value: unknown = JSON.parse(text.toString())
    return Array.isArray(value) ? value : []
  } catch {
    // Broken off, or of something else: it is listed anew.
    return []
  }
}
