import { TableError } from '@spillway/core'
import type { Connection } from '../connection.js'
import { DiskBudget } from './disk-budget.js'
import { downloadAccess } from './download-access.js'
import type { FileAccess } from './file-access.js'
import { rangesAccess } from './ranges-access.js'
import type { AttachOptions, ShareTransport } from './types.js'

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
  folder,
  options,
}: AccessOptions): Promise<NamedAccess> {
  const { transport = 'auto', concurrency = CONCURRENCY, maxDiskBytes = MAX_DISK_BYTES } = options
  const budget = new DiskBudget(maxDiskBytes)
  const context = { session, folder, budget, concurrency }
  switch (transport) {
    case 'download':
      return { ...downloadAccess(context), transport }
    case 'auto':
    case 'ranges':
      return { ...rangesAccess(context), transport: 'ranges' }
    case 'httpfs':
      throw new TableError('UNSUPPORTED_FEATURE', 'httpfs')
  }
}
