import type { AssetCatalog, Recipient, ShareCatalog } from '@spillway/core'

/** Uses what is shared with a recipient now; undefined where nothing is. */
type UseCatalog = <Result>(
  recipient: Recipient,
  signal: AbortSignal | undefined,
  use: (catalog: ShareCatalog) => Promise<Result | undefined>,
) => Promise<Result | undefined>

/** The assets of a catalog that is asked for whenever it is needed. */
export function askedAssets(of: UseCatalog): AssetCatalog {
  return {
    listVolumes: (recipient, scope, page, signal) =>
      of(recipient, signal, async each => each.assets?.listVolumes(recipient, scope, page, signal)),
    volume: (recipient, name, signal) =>
      of(recipient, signal, async each => each.assets?.volume(recipient, name, signal)),
    listSkills: (recipient, scope, page, signal) =>
      of(recipient, signal, async each => each.assets?.listSkills(recipient, scope, page, signal)),
    skill: (recipient, name, signal) =>
      of(recipient, signal, async each => each.assets?.skill(recipient, name, signal)),
    listModels: (recipient, scope, page, signal) =>
      of(recipient, signal, async each => each.assets?.listModels(recipient, scope, page, signal)),
    model: (recipient, name, signal) =>
      of(recipient, signal, async each => each.assets?.model(recipient, name, signal)),
    listModelVersions: (recipient, name, page, signal) =>
      of(recipient, signal, async each =>
        each.assets?.listModelVersions(recipient, name, page, signal),
      ),
    modelVersion: (recipient, name, version, signal) =>
      of(recipient, signal, async each =>
        each.assets?.modelVersion(recipient, name, version, signal),
      ),
  }
}
