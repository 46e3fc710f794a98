import { type SpillFolder, spillFolder } from '@spillway/storage'
import type { ServeConfig } from '../configuration/config.js'
import { VERSION } from '../terminal/version.js'
import type { RuntimeOptions } from './runtime.js'

/** Where what is decoded outlives this process, if anywhere. Another version may decode otherwise: it begins anew. */
export function openSpill(
  { folder, folderMegabytes }: ServeConfig['cache'],
  { metrics, onError }: Pick<RuntimeOptions, 'metrics' | 'onError'>,
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
