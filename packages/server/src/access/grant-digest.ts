import { createHash } from 'node:crypto'
import type { SharedTable } from '@spillway/core'

/**
 * Says what of a table is shared: equal digests are equal rows of equal versions. The same on every replica and after a
 * restart.
 */
export function grantDigest(table: SharedTable): string {
  const { id, grant, historyShared, startVersion, source } = table
  const { location, redactDropped, view, format, rebase } = source
  const rules = [grant ?? null, historyShared, startVersion ?? null, redactDropped, view]
  // Not the metadata file: catalogs name another with every commit.
  const reach = [format, rebase, source.auxiliaryLocations, table.accessModes]
  const facts = [id, location, ...rules, ...reach]
  return createHash('sha256').update(JSON.stringify(facts, plain)).digest('base64url')
}

/** What JSON has no words for. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? '-0' : value
}
