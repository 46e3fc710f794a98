import { isTableError } from '@spillway/core'
import type { LogSegment } from '../log/log-segment.js'
import { type LoadContext, loadState } from './load-state.js'
import type { TableState } from './table-state.js'
import { TornCheckpoint } from './torn-checkpoint.js'

/**
 * Builds a version, or the latest, from nothing. A checkpoint is a shorter way to what the commits say: one that cannot
 * be read is passed over where an older one, or none, and the commits since are all there. Else it is why the version
 * cannot be built.
 */
export async function loadVersion(context: LoadContext, version?: bigint): Promise<TableState> {
  const { log, signal } = context
  let segment = await (version === undefined ? log.latest(signal) : log.at(version, signal))
  const torn = new Set<string>()
  for (let first: TornCheckpoint | undefined; ; ) {
    try {
      const state = await loadState(context, segment)
      return first === undefined ? state : { ...state, passedOver: first.version }
    } catch (error) {
      if (!(error instanceof TornCheckpoint)) throw first?.cause ?? error
      first ??= error
      torn.add(error.path)
      segment = await withoutTorn(context, segment.version, { torn, first })
    }
  }
}

async function withoutTorn(
  { log, signal }: LoadContext,
  version: bigint,
  { torn, first }: { readonly torn: ReadonlySet<string>; readonly first: TornCheckpoint },
): Promise<LogSegment> {
  try {
    return await log.at(version, signal, torn)
  } catch (error) {
    const isGone =
      isTableError(error) && (error.code === 'TABLE_CORRUPT' || error.code === 'INVALID_REQUEST')
    throw isGone ? first.cause : error
  }
}
