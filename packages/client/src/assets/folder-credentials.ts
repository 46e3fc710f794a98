import { decodeCredentials, type WireCredentials } from '@spillway/protocol/wire'
import type { SendRequest } from '../http/http.js'
import { readObject } from '../http/list.js'
import { type FolderName, folderPath } from './asset-name.js'
import { isUnknownPath } from './unknown-path.js'

/** Of a version the README of the protocol has another path than its page on models. */
const PATHS: Readonly<Record<FolderName['kind'], readonly string[]>> = {
  volume: ['/temporary-volume-credentials'],
  skill: ['/temporary-skill-credentials'],
  model: ['/temporary-model-version-credentials', '/temporary-model-credentials'],
}

/** See `AssetClient.folderCredentials`. */
export async function folderCredentials(
  send: SendRequest,
  folder: FolderName,
  signal: AbortSignal | undefined,
): Promise<WireCredentials> {
  const [first, ...others] = PATHS[folder.kind]
  const ask = (rest: string) =>
    send({ method: 'POST', path: folderPath(folder, rest), signal }, async answer =>
      decodeCredentials(await readObject(answer)),
    )
  try {
    return await ask(first!)
  } catch (error) {
    const [other] = others
    if (other === undefined || !isUnknownPath(error)) throw error
    // What was said first is about the path that servers should have.
    return ask(other).catch(again => Promise.reject(isUnknownPath(again) ? error : again))
  }
}
