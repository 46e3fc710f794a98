import type { SharedModelVersion } from './asset-catalog.js'
import type { Page, PageRequest } from './page.js'

/** Where versions of models are kept by somebody else. What a model is called there says whoever shares it. */
export interface ModelRegistry {
  /** In the order of their numbers: `after` is a number as text. Undefined where there is no such model. */
  listVersions(
    model: string,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedModelVersion> | undefined>
  /** By its number, or by an alias. */
  version(
    model: string,
    wanted: number | { readonly alias: string },
    signal?: AbortSignal,
  ): Promise<SharedModelVersion | undefined>
}
