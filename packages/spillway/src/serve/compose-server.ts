import type { ReadBudgets } from '@spillway/core'
import { type DuckDbOptions, duckDb } from '@spillway/rows'
import { type SpillFolder, spillFolder } from '@spillway/storage'
import type { ServeConfig } from '../configuration/config.js'
import { omitUndefined } from '../configuration/omit-undefined.js'
import { storageOf } from '../configuration/storage-options.js'
import { type Composition, compose } from '../tables/compose.js'
import { VERSION } from '../terminal/version.js'
import type { ServerMetrics } from './metrics.js'

interface ServerParts {
  readonly metrics?: ServerMetrics | undefined
  /** Told of what fails in the background. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Writes nothing beside itself. */
  readonly isProbe?: boolean
}

/** Every format and store as a configuration has them. Closing it closes what outlives the process too. */
export function composeServer(config: ServeConfig, parts: ServerParts): Composition {
  const spill = parts.isProbe === true ? undefined : openSpill(config.cache, parts)
  const spillway = compose({
    roots: config.localRoots,
    ...storageOf(config.storage),
    duckdb: duckDb(omitUndefined<DuckDbOptions>(config.duckdb)),
    limits: omitUndefined<Partial<ReadBudgets>>(config.limits),
    cacheBytes: config.cache.megabytes * 1e6,
    spill,
  })
  return {
    ...spillway,
    async close() {
      await spillway.close()
      await spill?.close()
    },
  }
}

/** Where what is decoded outlives this process, if anywhere. Another version may decode otherwise: it begins anew. */
function openSpill(
  { folder, folderMegabytes }: ServeConfig['cache'],
  { metrics, onError }: ServerParts,
): SpillFolder | undefined {
  if (folder === undefined) return undefined
  return spillFolder({
    folder,
    maxBytes: folderMegabytes * 1e6,
    maker: `spillway ${VERSION}`,
    onEvent: name => metrics?.observer.count?.(name, 1, {}),
    onProblem: error => onError?.(error),
  })
}
