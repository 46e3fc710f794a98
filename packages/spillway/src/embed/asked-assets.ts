import type { AssetCatalog, Recipient } from '@spillway/core'

/** Uses the assets that are shared with a recipient now; undefined where there are none. */
type UseAssets = <Result>(
  recipient: Recipient,
  signal: AbortSignal | undefined,
  use: (assets: AssetCatalog) => Promise<Result>,
) => Promise<Result | undefined>

/** The assets of a catalog that is asked for whenever it is needed. */
export function askedAssets(of: UseAssets): AssetCatalog {
  return {
    listVolumes: (recipient, scope, page, signal) =>
      of(recipient, signal, each => each.listVolumes(recipient, scope, page, signal)),
    volume: (recipient, name, signal) =>
      of(recipient, signal, each => each.volume(recipient, name, signal)),
    listSkills: (recipient, scope, page, signal) =>
      of(recipient, signal, each => each.listSkills(recipient, scope, page, signal)),
    skill: (recipient, name, signal) =>
      of(recipient, signal, each => each.skill(recipient, name, signal)),
    listModels: (recipient, scope, page, signal) =>
      of(recipient, signal, each => each.listModels(recipient, scope, page, signal)),
    model: (recipient, name, signal) =>
      of(recipient, signal, each => each.model(recipient, name, signal)),
    listModelVersions: (recipient, name, page, signal) =>
      of(recipient, signal, each => each.listModelVersions(recipient, name, page, signal)),
    modelVersion: (recipient, name, version, signal) =>
      of(recipient, signal, each => each.modelVersion(recipient, name, version, signal)),
  }
}
