import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseUri } from '@spillway/storage'
import type { ServeConfig } from '../configuration/config.js'

export interface Own {
  readonly config: ServeConfig
  /** Of the configuration. */
  readonly path: string
}

/**
 * Files below a folder of this machine that no recipient may get: the configuration, with the hashes of tokens, and the secrets
 * that it names. Absolute paths, links followed.
 */
export async function ownFilesIn(
  location: string,
  { config, path }: Own,
): Promise<readonly string[]> {
  const { scheme, key } = parseUri(location)
  if (scheme !== 'file') return []
  const folder = await realOf(`/${key}`)
  const inside = folder === '/' ? '/' : `${folder}/`
  const own = await Promise.all(ownFiles(config, path).map(realOf))
  return [...new Set(own)].filter(file => file.startsWith(inside))
}

function ownFiles({ server, registries }: ServeConfig, path: string): readonly string[] {
  const { secretFile, secrets = [], tls } = server
  const named = [
    ...(secretFile === undefined ? [] : [secretFile]),
    ...secrets.flatMap(each => (typeof each === 'string' ? [] : [each.file])),
    ...(tls === undefined ? [] : [tls.key]),
    ...Object.values(registries).flatMap(({ tokenFile }) => tokenFile ?? []),
  ]
  return [path, ...named.map(each => resolve(dirname(path), each))]
}

/** What is not there is where it would be. */
async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path))
}
