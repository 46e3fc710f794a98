import {
  type CredentialVendor,
  type SharedTable,
  TableError,
  type TableSource,
} from '@spillway/core'
import { nameOf } from './table-name.js'

/** What a recipient is told of how to reach a table's files. Empty where signed URLs are the only way. */
export interface Access {
  readonly location?: string
  readonly auxiliaryLocations?: readonly string[] | undefined
  readonly accessModes?: readonly ('url' | 'dir')[] | undefined
}

/** `dir` is told only where credentials will be given: a table in a place that no vendor covers is read by URL. */
export function accessOf(table: SharedTable, vendors: readonly CredentialVendor[]): Access {
  if (!offersDirectory(table, vendors)) return {}
  const { location, auxiliaryLocations } = table.source
  return {
    location,
    auxiliaryLocations,
    accessModes: table.accessModes!,
  }
}

/** What a provider decided about a table that decides whether its folder can be opened. */
export interface DirectoryFacts {
  readonly history: boolean
  readonly startVersion: unknown
  readonly partitions: unknown
  readonly source: {
    readonly [Key in 'rebase' | 'view' | 'metadataFile' | 'redactDropped']?:
      | TableSource[Key]
      | undefined
  }
}

/**
 * Why the folder of a table must not be opened: credentials show every version and every partition that is in it, and
 * whoever reads there knows nothing of what the provider told this server about paths and views.
 */
export function heldBack({
  history,
  startVersion,
  partitions,
  source,
}: DirectoryFacts): readonly string[] {
  return [
    ...(history ? [] : ['history is not shared']),
    ...(startVersion === undefined ? [] : ['startVersion holds versions back']),
    ...(partitions === undefined ? [] : ['partitions are held back']),
    ...(source.metadataFile === undefined ? [] : ['metadataFile holds later versions back']),
    ...(source.view === 'read-optimized' ? ['its read-optimized view is not all it holds'] : []),
    ...(source.redactDropped === undefined ? [] : ['redactDropped holds columns back']),
    ...(source.rebase === undefined ? [] : ['its recorded paths are rebased']),
  ]
}

/** True only where a recipient gets credentials for every place the table lies in, and nothing of it is held back. */
export function offersDirectory(table: SharedTable, vendors: readonly CredentialVendor[]): boolean {
  if (!table.accessModes?.includes('dir')) return false
  const { historyShared: history, startVersion, grant: partitions, source } = table
  if (heldBack({ history, startVersion, partitions, source }).length > 0) return false
  const places = [source.location, ...(source.auxiliaryLocations ?? [])]
  return places.every(place => vendors.some(vendor => vendor.covers(place)))
}

/** A client that does not know access modes asks a table by URL that is shared by credentials alone. */
export function requireUrlAccess(table: SharedTable): void {
  if (table.accessModes === undefined || table.accessModes.includes('url')) return
  throw new TableError(
    'INVALID_REQUEST',
    `table ${nameOf(table)} is shared by dir access only: ask for temporary table credentials`,
  )
}
