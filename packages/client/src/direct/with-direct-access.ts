import type { WireFilePage } from '@spillway/protocol/wire'
import type { AssetClient, FilesOptions } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'
import { fetchFile } from '../assets/fetch-file.js'
import { findAsset } from '../assets/find-asset.js'
import { DirectFolder } from './direct-folder.js'
import { FolderWays } from './folder-ways.js'
import type { DirectOptions } from './open-store.js'

/** Clients that are made here: what takes one of these without `openStore` leaves it as it is. */
const made = new WeakSet<AssetClient>()

/**
 * A client that lists and signs files itself, by the credentials that the provider gives, where the server does not: those of
 * folders that are shared by `dir` access alone, and of servers that know the protocol and no more. All else is as before.
 */
export function withDirectAccess<Client extends AssetClient>(
  client: Client,
  options: DirectOptions = {},
): Client {
  if (options.openStore === undefined && made.has(client)) return client
  const ways = new FolderWays(client, options)
  const direct: Client = {
    ...client,
    async asset(name, asked = {}) {
      // A digest alone names a version by its files: they are listed here.
      const found = await findAsset(direct, name, asked)
      ways.learn(found.folder, found.version ?? found.asset)
      return found
    },
    async *modelVersions({ share, schema, name }, asked) {
      for await (const version of client.modelVersions({ share, schema, name }, asked)) {
        ways.learn({ share, schema, name, kind: 'model', version: version.version }, version)
        yield version
      }
    },
    files: (folder, asked = {}) => filesOf(folder, asked, { client, ways }),
    async fileUrls(folder, paths, asked = {}) {
      const way = await ways.to(folder, asked.signal)
      const stored = { fresh: false }
      if (way instanceof DirectFolder) return way.fileUrls(paths, asked, stored)
      try {
        return await client.fileUrls(folder, paths, asked)
      } catch (error) {
        if (way === 'url') throw error
        return (await ways.instead(folder, error, asked.signal)).fileUrls(paths, asked, stored)
      }
    },
    async fetchFile(folder, path, asked = {}) {
      const way = await ways.to(folder, asked.signal)
      const byStore = (stored: DirectFolder) => fetchDirect(stored, { client, folder, path }, asked)
      if (way instanceof DirectFolder) return byStore(way)
      try {
        return await client.fetchFile(folder, path, asked)
      } catch (error) {
        if (way === 'url') throw error
        return byStore(await ways.instead(folder, error, asked.signal))
      }
    },
  }
  made.add(direct)
  return direct
}

async function* filesOf(
  folder: FolderName,
  asked: FilesOptions,
  { client, ways }: { readonly client: AssetClient; readonly ways: FolderWays },
): AsyncGenerator<WireFilePage> {
  const way = await ways.to(folder, asked.signal)
  if (way instanceof DirectFolder) return yield* way.files(asked)
  if (way === 'url') return yield* client.files(folder, asked)
  const pages = client.files(folder, asked)[Symbol.asyncIterator]()
  let page: IteratorResult<WireFilePage>
  try {
    page = await pages.next()
  } catch (error) {
    return yield* (await ways.instead(folder, error, asked.signal)).files(asked)
  }
  ways.isByUrl(folder)
  try {
    for (; page.done !== true; page = await pages.next()) yield page.value
  } finally {
    await pages.return?.()
  }
}

function fetchDirect(
  direct: DirectFolder,
  {
    client,
    folder,
    path,
  }: { readonly client: AssetClient; readonly folder: FolderName; readonly path: string },
  asked: Parameters<AssetClient['fetchFile']>[2] & object,
): Promise<Uint8Array> {
  // As it is now: what was listed may be long ago.
  const fileUrls: AssetClient['fileUrls'] = (_, paths, more = {}) =>
    direct.fileUrls(paths, more, { fresh: true })
  const source = { fileUrls, openFile: client.openFile }
  return fetchFile(source, { folder, path, retry: {} }, asked)
}
