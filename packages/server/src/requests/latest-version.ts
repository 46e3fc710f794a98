import { isTableError } from '@spillway/core'
import type { RequestContext } from './request-context.js'
import type { TableRequest } from './table-request.js'

/**
 * The latest version, which may be as old as the engine looks away. Where what is asked for is newer it is looked for: an
 * end beyond the latest means the latest, and would leave out commits that the recipient knows of.
 */
export async function latestVersion(
  { engine, signal }: RequestContext,
  { table: { source } }: TableRequest,
  asked: bigint | undefined,
): Promise<{ readonly version: bigint; readonly timestamp: number }> {
  const latest = await engine.resolve(source, { kind: 'latest' }, signal)
  if (asked === undefined || asked <= latest.version) return latest
  try {
    await engine.snapshot(source, { kind: 'version', version: asked }, signal)
  } catch (error) {
    if (isMissing(error)) return latest
    throw error
  }
  return engine.resolve(source, { kind: 'latest' }, signal)
}

/** There is no such version, or none that can be read; the range is checked against the latest one. */
function isMissing(error: unknown): boolean {
  return isTableError(error) && ['NOT_FOUND', 'INVALID_REQUEST'].includes(error.code)
}
