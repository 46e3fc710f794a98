import { type AssetFolder, fencedStore, type ObjectStore, TableError } from '@spillway/core'
import { tellingDenied } from './denied.js'

/** `store` as the files of an asset are read: within its folder, and, of one that was found, within the folder around it too. */
export function folderStore(store: ObjectStore, folder: AssetFolder): ObjectStore {
  const { within, location } = folder
  const around = within === undefined ? store : aroundOf(store, within)
  return tellingDenied(fencedStore(around, { location }), location)
}

function aroundOf(store: ObjectStore, within: string): ObjectStore {
  const refusal = (path: string) =>
    new TableError('UNSUPPORTED_FEATURE', 'a link leads out of the folder that skills are in', {
      context: { path, feature: 'links' },
    })
  return store.within?.({ folders: [within], refusal }) ?? store
}
