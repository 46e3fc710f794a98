import { TableError } from '@spillway/core'
import type { WireModelVersion } from '@spillway/protocol/wire'
import type { AssetClient, FoundAsset } from '../assets/asset-client.js'
import { type FolderName, folderText } from '../assets/asset-name.js'
import { isUnknownPath } from '../assets/unknown-path.js'
import { DirectFolder, renewed } from './direct-folder.js'
import { folderKeys, folderReach } from './folder-reach.js'
import type { DirectOptions } from './open-store.js'

/** How a folder is read: by URLs of its server, from its store, or as turns out. */
export type Way = 'url' | 'unsaid' | DirectFolder

interface Detail {
  readonly storageLocation: string
  readonly accessModes?: readonly string[]
}

/** Which way each folder is read, asked once. */
export class FolderWays {
  readonly #client: AssetClient
  readonly #options: DirectOptions
  readonly #details = new Map<string, Detail>()
  readonly #ways = new Map<string, Promise<Way>>()

  constructor(client: AssetClient, options: DirectOptions) {
    this.#client = client
    this.#options = options
  }

  /** What the server said of a folder: it is not asked again. */
  learn(folder: FolderName, detail: FoundAsset['asset'] | WireModelVersion): void {
    if ('storageLocation' in detail) this.#details.set(keyOf(folder), detail)
  }

  to(folder: FolderName, signal?: AbortSignal): Promise<Way> {
    return this.#ways.get(keyOf(folder)) ?? this.#settle(folder, this.#stated(folder, signal))
  }

  /** Its server has answered for it. */
  isByUrl(folder: FolderName): void {
    this.#ways.set(keyOf(folder), Promise.resolve('url'))
  }

  /** From its store, as its server does not know the other way; throws what is wrong with both. */
  async instead(folder: FolderName, refusal: unknown, signal?: AbortSignal): Promise<DirectFolder> {
    if (!isUnknownPath(refusal)) throw refusal
    const opened = this.#open(folder, signal).catch(error => {
      throw isUnknownPath(error) ? neither(folder, refusal, error) : error
    })
    void this.#settle(folder, opened).catch(() => undefined)
    return opened
  }

  #settle(folder: FolderName, way: Promise<Way>): Promise<Way> {
    const key = keyOf(folder)
    this.#ways.set(key, way)
    // What failed is asked again.
    way.catch(() => this.#ways.delete(key))
    return way
  }

  async #stated(folder: FolderName, signal: AbortSignal | undefined): Promise<Way> {
    const { accessModes } = await this.#detailOf(folder, signal)
    if (accessModes === undefined) return 'unsaid'
    if (accessModes.includes('url')) return 'url'
    if (accessModes.includes('dir')) return this.#open(folder, signal)
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${folderText(folder)} is shared by ${accessModes.join(', ').slice(0, 100) || 'no access mode'}: expected url or dir`,
    )
  }

  async #detailOf(folder: FolderName, signal: AbortSignal | undefined): Promise<Detail> {
    const known = this.#details.get(keyOf(folder))
    if (known !== undefined) return known
    switch (folder.kind) {
      case 'volume':
        return this.#client.volume(folder, signal)
      case 'skill':
        return this.#client.skill(folder, signal)
      case 'model':
        return this.#client.modelVersion(folder, folder.version, signal)
    }
  }

  async #open(folder: FolderName, signal: AbortSignal | undefined): Promise<DirectFolder> {
    const text = folderText(folder)
    const { openStore, reach = {} } = this.#options
    if (openStore === undefined) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `${text} is shared by credentials of its store, and nothing was given that reads one: expected openStore, such as openS3Folder of @spillway/storage/s3`,
      )
    }
    const { storageLocation } = await this.#detailOf(folder, signal)
    const first = await this.#client.folderCredentials(folder, signal)
    const asked = { storageLocation, reach, text }
    const place = folderReach(first, asked)
    const credentials = renewed(first, {
      ask: () => this.#client.folderCredentials(folder),
      keysOf: given => {
        // Keys of another folder would list another folder's files.
        if (folderReach(given, asked).location === place.location) return folderKeys(given, text)
        throw new TableError('CONFLICT', `${text} was moved meanwhile: begin again`)
      },
    })
    return new DirectFolder(place.location, await openStore({ ...place.reach, credentials }))
  }
}

function keyOf(folder: FolderName): string {
  return `${folder.kind} ${folderText(folder)}`
}

function neither(folder: FolderName, byUrl: unknown, direct: unknown): TableError {
  const said = (error: unknown) => (error instanceof Error ? error.message : String(error))
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the server neither lists the files of ${folderText(folder)} (${said(byUrl)}) nor gives credentials for them (${said(direct)}): ask the provider for access by url or dir`,
    { cause: direct },
  )
}
