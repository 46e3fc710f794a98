import { TableError } from '@spillway/core'

/**
 * A location, split. `head + key` is the text it came from, so that what a store answers begins as its caller began.
 * Keys are raw in every scheme: nothing is percent-decoded, because writers (Hive partition folders above all) put `%`
 * into real names. Only `locationFromInput` reads a person's `file:` URL, which is encoded.
 */
export interface StorageUri {
  /** Canonical: `s3` for s3a and s3n, `gs` for gcs, `abfss` for abfs, `file` for an absolute path. */
  readonly scheme: string
  /** Bucket, or container@account; empty for files. */
  readonly authority: string
  /** Everything before the key, as written, its last slash included. */
  readonly head: string
  /** Without a leading slash. Of a file, its absolute path without the first slash. */
  readonly key: string
}

const CANONICAL: ReadonlyMap<string, string> = new Map([
  ['s3a', 's3'],
  ['s3n', 's3'],
  ['gcs', 'gs'],
  ['abfs', 'abfss'],
])

/** Splits an absolute URI or an absolute path. */
export function parseUri(uri: string): StorageUri {
  if (uri.includes('\0')) throw invalid(uri, 'it holds a NUL character')
  if (uri.startsWith('/')) return { scheme: 'file', authority: '', head: '/', key: uri.slice(1) }
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(uri)
  if (match === null) throw invalid(uri, 'expected scheme://bucket/key or an absolute path')
  const scheme = canonicalScheme(match[1]!)
  return scheme === 'file' ? parseFile(uri, match[0].length) : parseBucket(uri, scheme, match[0])
}

/** file:/x, file:///x and file://localhost/x are one file. */
function parseFile(uri: string, start: number): StorageUri {
  let head = uri.slice(0, start + 1)
  if (uri.startsWith('//', start)) {
    const slash = uri.indexOf('/', start + 2)
    const host = uri.slice(start + 2, slash < 0 ? undefined : slash)
    if (slash < 0 || (host !== '' && host !== 'localhost')) {
      throw invalid(uri, 'a file URI names an absolute path on this machine: file:///path')
    }
    head = uri.slice(0, slash + 1)
  } else if (uri[start] !== '/') {
    throw invalid(uri, 'a file URI names an absolute path: file:///path')
  }
  return { scheme: 'file', authority: '', head, key: uri.slice(head.length) }
}

function parseBucket(uri: string, scheme: string, start: string): StorageUri {
  const from = start.length + 2
  if (!uri.startsWith('//', start.length)) throw invalid(uri, `expected ${start}//bucket/key`)
  const slash = uri.indexOf('/', from)
  const authority = uri.slice(from, slash < 0 ? undefined : slash)
  if (authority === '') throw invalid(uri, 'it names no bucket')
  if (slash < 0) return { scheme, authority, head: `${uri}/`, key: '' }
  return { scheme, authority, head: uri.slice(0, slash + 1), key: uri.slice(slash + 1) }
}

export function canonicalScheme(scheme: string): string {
  const lower = scheme.toLowerCase()
  return CANONICAL.get(lower) ?? lower
}

/** One spelling for each object: canonical scheme, and for files one slash between names, `.` and `..` resolved. */
export function normaliseUri(uri: string): string {
  const { scheme, authority, key } = parseUri(uri)
  return scheme === 'file' ? `file:///${resolveDots(key)}` : `${scheme}://${authority}/${key}`
}

function resolveDots(key: string): string {
  const names: string[] = []
  for (const name of key.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  const folder = key.endsWith('/') && names.length > 0
  return names.join('/') + (folder ? '/' : '')
}

/** What a person typed: a URI, a percent-encoded `file:` URL, or a path relative to `folder`. */
export function locationFromInput(input: string, folder: string): string {
  if (/^file:/i.test(input)) return normaliseUri(decodeFileUrl(input))
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(input)) return normaliseUri(input)
  return normaliseUri(input.startsWith('/') ? input : `${folder}/${input}`)
}

function decodeFileUrl(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    // A lone % is no encoding: the text is a raw path with a scheme in front.
    return url
  }
}

/** `relative` under `base`; an absolute URI stays what it is. Both are raw. */
export function joinUri(base: string, relative: string): string {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\//.test(relative)) return relative
  if (relative === '') return base
  return `${folderUri(base)}${relative.startsWith('/') ? relative.slice(1) : relative}`
}

/** `uri` with the slash that makes a prefix mean a folder: `s3://b/t` would list `s3://b/t2/x` too. */
export function folderUri(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`
}

/** The key of `path` below the folder `base`, whichever spelling of the scheme each has; undefined when outside. */
export function relativeTo(base: string, path: string): string | undefined {
  const from = parseUri(normaliseUri(folderUri(base)))
  const to = parseUri(normaliseUri(path))
  if (from.scheme !== to.scheme || from.authority !== to.authority) return undefined
  return to.key.startsWith(from.key) ? to.key.slice(from.key.length) : undefined
}

/** True where both name one folder, however its scheme and last slash are written. */
export function sameFolder(a: string, b: string): boolean {
  return relativeTo(a, folderUri(b)) === ''
}

/** Where the canonical text is needed only to be compared: the bucket or root that owns a path. */
export function bucketOf(uri: string): string {
  const { scheme, authority } = parseUri(uri)
  return `${scheme}://${authority}`
}

function invalid(uri: string, reason: string): TableError {
  return new TableError('INVALID_REQUEST', `not a storage location: ${reason}`, {
    context: { path: uri.slice(0, 500) },
  })
}
