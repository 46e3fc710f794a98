import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import type { Terminal } from '../terminal/terminal.js'

export interface CacheOptions {
  readonly cache?: string
  readonly json?: boolean
}

/** The cache that is named, else that of the environment. */
export function cachePath(
  { cache }: { readonly cache?: string | false | undefined },
  { environment, folder }: Pick<Terminal, 'environment' | 'folder'>,
): string | undefined {
  if (cache === false) return undefined
  const named = cache ?? environment.SPILLWAY_CACHE ?? ''
  if (cache === '') throw new TableError('INVALID_REQUEST', 'expected a folder behind --cache')
  return named === '' ? undefined : resolve(folder, named)
}

export function requiredCache(options: CacheOptions, terminal: Terminal): string {
  const path = cachePath(options, terminal)
  if (path !== undefined) return path
  throw new TableError(
    'INVALID_REQUEST',
    'no cache is named: expected --cache DIR, or SPILLWAY_CACHE in the environment',
  )
}

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 }

/** `50GB`, `500 MB`, `1.5T` or `0`, as sizes are printed; undefined for anything else. */
export function bytesOf(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([KMGT]?)B?$/i.exec(text.trim())
  if (match === null) return undefined
  return Math.floor(Number(match[1]) * UNIT_BYTES[match[2]!.toUpperCase()]!)
}
