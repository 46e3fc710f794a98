import { corrupt, inSlices, type Steps, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import { safePathsInSteps } from '../paths/path-list.js'
import { compareUtf8 } from '../paths/utf8-order.js'
import { concatenated } from './hasher.js'
import {
  ENTRIES_IN_A_STEP,
  entryFault,
  type Manifest,
  type ManifestEntry,
  manifestOf,
} from './manifest.js'

/** The first line, which tells digests of manifests from those of anything else. */
const HEADER = 'asset-manifest 1\n'
const NEW_LINE = 0x0a
const LINE = /^([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) (.+)$/s
/** A digest, a size, two spaces and the longest path. */
const MAX_LINE_BYTES = 64 + 1 + 16 + 1 + 4096

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The bytes of a manifest, in parts of some hundred kilobytes: `asset-manifest 1`, then for each file its SHA-256, size and
 * path with a space between, every line with U+000A behind it, all in UTF-8. Equal manifests have equal bytes.
 */
export function* manifestParts(manifest: Manifest): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  let text = HEADER
  for (const [i, { path, size, sha256 }] of manifest.entries.entries()) {
    text += `${sha256} ${size} ${path}\n`
    if ((i + 1) % ENTRIES_IN_A_STEP !== 0) continue
    yield encoder.encode(text)
    text = ''
  }
  yield encoder.encode(text)
}

/** `manifestParts`, in one piece. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return concatenated([...manifestParts(manifest)])
}

/**
 * The manifest of which `bytes` are the bytes, and the only ones: another order, spelling or line end is `TABLE_CORRUPT`
 * with its line, as is what `createManifest` refuses. `path` is where they come from. Works in steps.
 */
export async function readManifest(
  bytes: Uint8Array,
  { path }: { readonly path?: string | undefined } = {},
): Promise<Manifest> {
  return inSlices(readInSteps(bytes, path))
}

function* readInSteps(bytes: Uint8Array, path: string | undefined): Steps<Manifest> {
  const entries: ManifestEntry[] = []
  let start = headerEnd(bytes, path)
  while (start < bytes.length) {
    const line = entries.length + 2
    const end = bytes.subarray(start, start + MAX_LINE_BYTES + 1).indexOf(NEW_LINE)
    if (end < 0) throw wrongLine('it has no end, or is too long', { path, line })
    const entry = entryOf(bytes.subarray(start, start + end), { path, line })
    const before = entries.at(-1)
    if (before !== undefined && compareUtf8(before.path, entry.path) >= 0) {
      const reason = `${quotedName(entry.path)} stands behind ${quotedName(before.path)}, out of order`
      throw wrongLine(reason, { path, line })
    }
    entries.push(entry)
    start += end + 1
    if (line % ENTRIES_IN_A_STEP === 0) yield
  }
  yield* safePathsInSteps(
    entries.map(entry => entry.path),
    { code: 'TABLE_CORRUPT', where: 'in a manifest' },
  )
  return manifestOf(entries)
}

function headerEnd(bytes: Uint8Array, path: string | undefined): number {
  const found = String.fromCharCode(...bytes.subarray(0, HEADER.length))
  if (found === HEADER) return HEADER.length
  const version = /^asset-manifest ([1-9][0-9]*)/.exec(found)?.[1]
  if (version !== undefined && version !== '1') {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `a manifest of version ${version}: version 1 is read here, a newer release may know more`,
    )
  }
  const reason = `it begins with ${quotedName(found)}, not with ${quotedName(HEADER)}`
  throw corrupt('a manifest', reason, { path, line: 1 })
}

interface Place {
  readonly path: string | undefined
  readonly line: number
}

function entryOf(bytes: Uint8Array, place: Place): ManifestEntry {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch (cause) {
    throw wrongLine('it is no UTF-8', place, cause)
  }
  const [, sha256, size, path] = LINE.exec(text) ?? []
  if (sha256 === undefined || size === undefined || path === undefined) {
    throw wrongLine(`found ${quotedName(text)}`, place)
  }
  const entry = { path, size: Number(size), sha256 }
  const reason = entryFault(entry)
  if (reason !== undefined) throw wrongLine(reason, place)
  return entry
}

function wrongLine(reason: string, place: Place, cause?: unknown): TableError {
  const what = `SHA-256, size and path in line ${place.line} of a manifest`
  return corrupt(what, reason, { ...place, cause })
}
