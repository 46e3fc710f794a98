import { inSlices, type Steps, sorted, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import { safePathsInSteps } from '../paths/path-list.js'
import { utf8Order } from '../paths/utf8-order.js'

/** One file of an asset. */
export interface ManifestEntry {
  /** Relative, as `requireSafePath` lets it pass. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** 64 lower-case hexadecimal digits, of the bytes of the file. */
  readonly sha256: string
}

/** All files of an asset at one moment, in the order of the bytes of their paths in UTF-8. No path is there twice. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[]
  /** Bytes of all files together. */
  readonly totalSize: number
}

/** Steps are ended after so many entries: about a millisecond. */
export const ENTRIES_IN_A_STEP = 1024

const SHA256 = /^[0-9a-f]{64}$/

/**
 * The manifest of `entries`, in any order. Throws the fault of a path or of two (`requireSafePaths`), and
 * `INVALID_REQUEST` for a size or a digest that is none. Works in steps that let others go on.
 */
export async function createManifest(entries: Iterable<ManifestEntry>): Promise<Manifest> {
  return inSlices(manifestInSteps([...entries]))
}

function* manifestInSteps(entries: readonly ManifestEntry[]): Steps<Manifest> {
  for (const [i, entry] of entries.entries()) {
    const reason = entryFault(entry)
    if (reason !== undefined) {
      throw new TableError('INVALID_REQUEST', `${reason} (${quotedName(entry.path)})`)
    }
    if (i % ENTRIES_IN_A_STEP === 0) yield
  }
  const compare = utf8Order(entries.map(({ path }) => path))
  const ordered = isInOrder(entries, compare)
    ? entries
    : yield* sorted(entries, (a, b) => compare(a.path, b.path))
  yield* safePathsInSteps(ordered.map(({ path }) => path))
  return manifestOf(ordered.map(({ path, size, sha256 }) => ({ path, size, sha256 })))
}

/** A listing of a store usually is. */
function isInOrder(
  entries: readonly ManifestEntry[],
  compare: (a: string, b: string) => number,
): boolean {
  return entries.every((entry, i) => i === 0 || compare(entries[i - 1]!.path, entry.path) < 0)
}

/** What is wrong with the size or the digest of an entry. */
export function entryFault({ size, sha256 }: ManifestEntry): string | undefined {
  if (!Number.isSafeInteger(size) || size < 0) {
    return `expected a size in bytes, found ${size}`
  }
  if (!SHA256.test(sha256)) {
    return `expected a SHA-256 as 64 lower-case hexadecimal digits, found ${quotedName(sha256)}`
  }
  return undefined
}

/** The manifest of entries that are checked and in order. Throws where their sizes come to more than 2^53 bytes. */
export function manifestOf(entries: readonly ManifestEntry[]): Manifest {
  let totalSize = 0
  for (const { size } of entries) totalSize += size
  if (!Number.isSafeInteger(totalSize)) {
    throw new TableError('UNSUPPORTED_FEATURE', `files of ${totalSize} bytes: more than 2^53`)
  }
  return { entries, totalSize }
}
