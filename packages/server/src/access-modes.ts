import { type CredentialVendor, type SharedTable, TableError } from '@spillway/core'
import { nameOf } from './table-name.js'

/** What a recipient is told of how to reach a table's files. Empty where signed URLs are the only way. */
export interface Access {
  readonly location?: string
  readonly auxiliaryLocations?: readonly string[]
  readonly accessModes?: readonly ('url' | 'dir')[]
}

/** `dir` is told only where credentials will be given: a table in a place that no vendor covers is read by URL. */
export function accessOf(table: SharedTable, vendors: readonly CredentialVendor[]): Access {
  if (!offersDirectory(table, vendors)) return {}
  const { location, auxiliaryLocations } = table.source
  return {
    location,
    ...(auxiliaryLocations && { auxiliaryLocations }),
    accessModes: table.accessModes!,
  }
}

/** Credentials open all of a folder, so a table of which anything is held back is never given them. */
export function offersDirectory(table: SharedTable, vendors: readonly CredentialVendor[]): boolean {
  if (!table.accessModes?.includes('dir')) return false
  if (table.grant !== undefined || table.startVersion !== undefined || !table.historyShared) {
    return false
  }
  return vendors.some(vendor => vendor.covers(table.source.location))
}

/** A client that does not know access modes asks a table by URL that is shared by credentials alone. */
export function requireUrlAccess(table: SharedTable): void {
  if (table.accessModes === undefined || table.accessModes.includes('url')) return
  throw new TableError(
    'INVALID_REQUEST',
    `table ${nameOf(table)} is shared by dir access only: ask for temporary table credentials`,
  )
}
