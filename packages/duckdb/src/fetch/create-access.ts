import { TableError } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import type { AttachOptions, ShareTransport } from '../share/attached-share.js'
import { DiskBudget } from './disk-budget.js'
import { downloadAccess } from './download-access.js'
import type { FileAccess } from './file-access.js'
import { httpfsAccess } from './httpfs-access.js'
import { rangesAccess } from './ranges-access.js'

const MAX_DISK_BYTES = 8 * 1024 ** 3
export const CONCURRENCY = 16

export interface AccessOptions {
  /** A session of ours, and the one that queries run on. */
  readonly session: Connection
  readonly own: Connection
  readonly folder: string
  readonly options: AttachOptions
}

export type NamedAccess = FileAccess & { readonly transport: Exclude<ShareTransport, 'auto'> }

/** The way that files come to DuckDB by, as the options choose it. */
export async function createAccess({
  session,
  own,
  folder,
  options,
}: AccessOptions): Promise<NamedAccess> {
  const { transport = 'auto', concurrency = CONCURRENCY, maxDiskBytes = MAX_DISK_BYTES } = options
  const budget = new DiskBudget(maxDiskBytes)
  const context = { session, folder, budget, concurrency }
  const extension = options.httpfs ?? process.env.SPILLWAY_HTTPFS
  if (transport === 'download') return { ...downloadAccess(context), transport }
  const wantsHttpfs = transport === 'httpfs' || (transport === 'auto' && extension !== undefined)
  if (!wantsHttpfs) return { ...rangesAccess(context), transport: 'ranges' }
  if (extension === undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      'the httpfs transport needs the path of httpfs.duckdb_extension, as the option httpfs or in SPILLWAY_HTTPFS',
    )
  }
  const access = await httpfsAccess({ session, own, extension, concurrency })
  return { ...access, transport: 'httpfs' }
}
