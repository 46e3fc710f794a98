import type { SharingClient } from '@spillway/client'
import type { AdaptiveLimit } from '@spillway/core'
import type { NamedAccess } from '../fetch/create-access.js'
import type { KnownFooters } from '../fetch/known-footers.js'
import type { RangeCache } from '../fetch/range-cache.js'
import type { AttachOptions } from '../share/attached-share.js'
import type { ShareCatalog } from './catalog.js'

/** One attachment of a connection: whom to ask, what SQL calls its tables, and how their files come. */
export interface Provider {
  readonly client: SharingClient
  readonly catalog: ShareCatalog
  readonly access: NamedAccess
  readonly cache?: RangeCache | undefined
  readonly footers: KnownFooters
  readonly limit: AdaptiveLimit
  readonly options: AttachOptions
  /** A name that no other variable, stub or temporary table of the connection has. */
  readonly nextName: () => string
  readonly stubFile: string
  /** Fires when it is closed: nothing of it can be read any more. */
  readonly closing: AbortSignal
}
