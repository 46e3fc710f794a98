import type { AssetKind, AssetName } from '@spillway/core'
import {
  decodeAsked,
  type ListItem,
  MODEL,
  MODEL_VERSION,
  SKILL,
  VOLUME,
} from '@spillway/protocol/wire'
import type { HttpOptions } from '../http/http.js'
import { type ListOptions, listAll, readObject } from '../http/list.js'
import { schemaPath, sharePath } from '../http/paths.js'
import { type Connection, untilDone, untilRead } from '../query/connection.js'
import type { AssetClient, AssetListing } from './asset-client.js'
import { filePages, sendMismatch, signFiles } from './asset-files.js'
import { assetPath } from './asset-name.js'
import { fetchFile } from './fetch-file.js'
import { findAsset } from './find-asset.js'
import { folderCredentials } from './folder-credentials.js'
import { openFile } from './open-file.js'

export function assetClient(connection: Connection, http: HttpOptions): AssetClient {
  const { list, listOf, read } = requestsOf(connection)
  const client: AssetClient = {
    volumes: listOf('volumes', VOLUME),
    volume: (name, signal) => read(VOLUME, detail('volume', name), signal),
    models: listOf('models', MODEL),
    model: (name, signal) => read(MODEL, detail('model', name), signal),
    modelVersions: (name, options = {}) =>
      list(
        MODEL_VERSION,
        {
          path: assetPath('model', name, '/versions'),
          common: versionsOf(name),
        },
        options,
      ),
    modelVersion: (name, version, signal) => {
      const rest = typeof version === 'number' ? 'versions' : 'aliases'
      const path = assetPath('model', name, `/${rest}/${encodeURIComponent(String(version))}`)
      return read(MODEL_VERSION, { path, asked: versionsOf(name) }, signal)
    },
    skills: listOf('skills', SKILL),
    skill: (name, signal) => read(SKILL, detail('skill', name), signal),
    asset: (name, options = {}) => findAsset(client, name, options),
    files: (folder, { signal: outer, ...options } = {}) =>
      untilRead(connection, outer, signal =>
        filePages(connection.send, folder, { ...options, signal }),
      ),
    fileUrls: (folder, paths, { signal: outer, ...options } = {}) =>
      untilDone(connection, outer, signal =>
        signFiles(connection.send, { folder, paths }, { ...options, signal }),
      ),
    folderCredentials: (folder, outer) =>
      untilDone(connection, outer, signal => folderCredentials(connection.send, folder, signal)),
    fetchFile: (folder, path, options = {}) =>
      untilDone(connection, options.signal, signal =>
        fetchFile(client, { folder, path, retry: http.retry ?? {} }, { ...options, signal }),
      ),
    openFile: (file, options = {}) => openFile(file, http, options),
    reportMismatch: (folder, mismatch, options = {}) =>
      untilDone(connection, options.signal, signal =>
        sendMismatch(connection.send, { folder, mismatch, signal }),
      ),
  }
  return client
}

/** Where one thing is asked for, and by which names. */
interface Detail {
  readonly path: string
  readonly asked: Readonly<Record<string, string>>
}

function detail(kind: AssetKind, { share, schema, name }: AssetName): Detail {
  return { path: assetPath(kind, { share, schema, name }), asked: { share, schema, name } }
}

function versionsOf({ share, schema, name }: AssetName): Detail['asked'] {
  return { share, schema, modelName: name }
}

/** Lists and details, whatever they are of. */
function requestsOf(connection: Connection) {
  const list = <Item>(
    item: ListItem<Item>,
    { path, common }: { readonly path: string; readonly common: ListOptions['common'] },
    { maxResults, signal: outer }: Pick<AssetListing, 'maxResults' | 'signal'>,
  ) =>
    untilRead(connection, outer, signal =>
      listAll(
        connection.send,
        { path, item },
        { ...(maxResults === undefined ? {} : { maxResults }), signal, ...(common && { common }) },
      ),
    )
  const listOf =
    <Item>(plural: string, item: ListItem<Item>) =>
    (share: string, { schema, ...options }: AssetListing = {}) =>
      list(
        item,
        schema === undefined
          ? { path: sharePath(share, `/all-${plural}`), common: { share } }
          : { path: schemaPath(share, schema, `/${plural}`), common: { share, schema } },
        options,
      )
  const read = <Item>(
    item: ListItem<Item>,
    { path, asked }: Detail,
    outer: AbortSignal | undefined,
  ) =>
    untilDone(connection, outer, signal =>
      connection.send({ method: 'GET', path, signal }, async answer =>
        decodeAsked(await readObject(answer), item, asked),
      ),
    )
  return { list, listOf, read }
}
