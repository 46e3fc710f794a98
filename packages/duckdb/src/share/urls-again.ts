import type { SharingClient, TableAnswer } from '@spillway/client'
import { isTableError } from '@spillway/core'
import { askFiles, type ScanTarget, type SharedAction, sharedAction } from './scan-target.js'
import { sharedPath } from './shared-log.js'
import type { SignedUrl } from './signed-objects.js'

export function dataKey({ id }: SharedAction): string {
  return `file ${id}`
}

export function vectorKey({ kind, id, version }: SharedAction): string {
  return `vector ${kind} ${version ?? ''} ${id}`
}

export function* urlsOf(shared: SharedAction): Generator<readonly [string, SignedUrl]> {
  const expires = shared.expiresAt === undefined ? {} : { expiresAt: shared.expiresAt }
  yield [dataKey(shared), { url: shared.action.path, ...expires }]
  const vector = shared.action.deletionVector
  if (vector?.storageType === 'p') {
    yield [vectorKey(shared), { url: vector.pathOrInlineDv, ...expires }]
  }
}

/** The key of a vector, from the path that its log has. */
export function vectorKeyOf(path: string): string {
  return path.slice(sharedPath('').length)
}

interface Asking {
  readonly client: SharingClient
  readonly target: ScanTarget
  readonly hints: {
    readonly jsonPredicateHints?: string | undefined
    readonly predicateHints?: readonly string[]
    readonly limitHint?: number | undefined
  }
  readonly version: bigint | undefined
  readonly refreshToken: () => string | undefined
}

/**
 * The same files with new URLs: by the refresh token where there is one, else at the version read, else as before,
 * which is as good while the table has not moved.
 */
export async function* urlsAgain(
  { client, target, hints, version, refreshToken }: Asking,
  signal?: AbortSignal,
): AsyncGenerator<readonly [string, SignedUrl]> {
  const token = refreshToken()
  const own = { ...hints, signal }
  const answer = await (token !== undefined
    ? askFiles(client, target, { ...own, refreshToken: token })
    : askPinned({ client, target, version }, own))
  const moved = answer.version !== undefined && version !== undefined && answer.version !== version
  for await (const line of answer.actions) {
    const shared = sharedAction(line)
    if (shared === undefined) continue
    for (const entry of urlsOf(shared)) {
      // A file's bytes never change under its id; which of its rows are deleted does.
      if (!moved || entry[0] === dataKey(shared)) yield entry
    }
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['INVALID_REQUEST', 'UNSUPPORTED_FEATURE'])

async function askPinned(
  { client, target, version }: Pick<Asking, 'client' | 'target' | 'version'>,
  options: Parameters<typeof askFiles>[2],
): Promise<TableAnswer> {
  if (version === undefined || target.at !== undefined || target.changes !== undefined) {
    return askFiles(client, target, options)
  }
  try {
    return await askFiles(client, target, { ...options, pinned: version })
  } catch (error) {
    // Most tables are shared without their history.
    const isRefused = isTableError(error) && REFUSALS.has(error.code)
    if (isRefused) {
      return askFiles(client, target, options)
    }
    throw error
  }
}
