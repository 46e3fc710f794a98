import { budgetsOf, mapConcurrently, type ObjectStore, readWhole, Slices } from '@spillway/core'
import { type AvroObject, openAvroFile, readAvroRows } from '@spillway/encoding'
import { entrySchema } from '../manifest/entry-schema.js'
import { loadManifestList } from '../manifest/manifest-list.js'
import type { IcebergMetadata } from '../metadata/metadata.js'
import type { IcebergSnapshot } from '../metadata/snapshot-history.js'
import type { PathResolver } from '../paths/paths.js'
import { spelledPlace } from '../paths/same-place.js'

export interface HistoryOptions {
  readonly store: ObjectStore
  readonly resolve: PathResolver
  readonly signal?: AbortSignal | undefined
}

/** Manifests read at a time. */
const CONCURRENCY = 8

/**
 * True where a manifest of a snapshot that the table still knows lists a file below `root`, be it live or deleted.
 * What was cleaned away says nothing.
 */
export async function everListed(
  root: string,
  { snapshots }: Pick<IcebergMetadata, 'snapshots'>,
  options: HistoryOptions,
): Promise<boolean> {
  const place = spelledPlace(root)
  const known = [...snapshots.values()].filter(({ keyId }) => keyId === undefined)
  const lists = await mapConcurrently(known, CONCURRENCY, each => manifestsOf(each, options))
  const found = await mapConcurrently([...new Set(lists.flat())], CONCURRENCY, async path => {
    const slices = new Slices()
    for (const each of await listedPaths(path, options)) {
      if (spelledPlace(each).startsWith(place)) return true
      if (slices.isOver) await slices.pause()
    }
    return false
  })
  return found.includes(true)
}

async function manifestsOf(
  { manifestList, manifests }: IcebergSnapshot,
  { store, resolve, signal }: HistoryOptions,
): Promise<readonly string[]> {
  if (manifestList === undefined) return manifests ?? []
  const path = resolve(manifestList)
  if ((await store.head(path, signal)) === undefined) return []
  const list = await loadManifestList(store, path, signal)
  return list.manifests.filter(({ encrypted }) => !encrypted).map(each => each.path)
}

async function listedPaths(
  manifest: string,
  { store, resolve, signal }: HistoryOptions,
): Promise<readonly string[]> {
  const path = resolve(manifest)
  const found = await readWhole(store, path, { what: 'a manifest', signal })
  if (found === undefined) return []
  const file = await openAvroFile(found.bytes, path, budgetsOf(store))
  const { dataFile, fields } = entrySchema(file)
  return readAvroRows(file, row => {
    const entry = (row as AvroObject)[dataFile.name] as AvroObject
    return String(entry[fields.get('path')!.name])
  })
}
