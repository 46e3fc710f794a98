import type { Predicate } from '../schema/predicate.js'
import type { TableSource } from '../store/table-source.js'
import type { AssetCatalog } from './asset-catalog.js'
import type { Page, PageRequest, Recipient } from './page.js'

export interface Share {
  readonly name: string
  readonly id?: string
  readonly displayName?: string | undefined
  readonly comment?: string | undefined
  readonly properties?: Readonly<Record<string, string>> | undefined
}

export interface SharedSchema {
  readonly share: string
  readonly name: string
}

export interface SharedTable {
  readonly share: string
  readonly schema: string
  readonly name: string
  readonly id: string
  readonly shareId?: string
  readonly source: TableSource
  /** The recipient may ask for other versions than the latest, and for changes. */
  readonly historyShared: boolean
  /** No version before this one is answered. */
  readonly startVersion?: bigint
  /** How a recipient may reach the files: by signed URLs, which is what absent means, or by credentials for the folder. */
  readonly accessModes?: readonly ('url' | 'dir')[] | undefined
  /** Only the partitions for which this holds are shared; decided by partition values alone. */
  readonly grant?: Predicate | undefined
}

/**
 * What is shared with whom. Names are case-insensitive; what a recipient was not granted looks exactly like what
 * does not exist: `undefined`. Orders are stable, so that pages neither repeat nor miss an item.
 */
export interface ShareCatalog {
  /** Who holds `token`; undefined for an unknown, revoked or expired one. Takes the same time whichever it is. */
  authenticate(token: string, signal?: AbortSignal): Promise<Recipient | undefined>
  /** False once no token of the recipient is good any more. Absent: who was authenticated once is known. */
  isKnown?(recipient: Recipient, signal?: AbortSignal): Promise<boolean>
  listShares(recipient: Recipient, page: PageRequest, signal?: AbortSignal): Promise<Page<Share>>
  share(recipient: Recipient, share: string, signal?: AbortSignal): Promise<Share | undefined>
  listSchemas(
    recipient: Recipient,
    share: string,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedSchema> | undefined>
  /** Tables of one schema, or of every schema of the share when `schema` is absent. */
  listTables(
    recipient: Recipient,
    scope: { readonly share: string; readonly schema?: string | undefined },
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedTable> | undefined>
  table(
    recipient: Recipient,
    name: { readonly share: string; readonly schema: string; readonly table: string },
    signal?: AbortSignal,
  ): Promise<SharedTable | undefined>
  /** Absent: nothing but tables is shared. */
  readonly assets?: AssetCatalog | undefined
}
