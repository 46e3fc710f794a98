import type { AssetKind, Recipient, SharedTable } from '@spillway/core'
import type { SharedFolder } from '../access/shared-folder.js'

/** Until when something that was handed out is good, unless whoever serves it refuses it before. */
export interface SignedEntry {
  readonly recipient: string
  readonly share: string
  readonly schema: string
  /** The name of the table, or of the asset. */
  readonly table: string
  /** Absent for a table. */
  readonly asset?: AssetKind
  /** Where the URLs lead, or the location that credentials open. */
  readonly at: string
  readonly kind: 'url' | 'credentials'
  /** Epoch milliseconds, the latest of all. */
  readonly until: number
}

/** What this process has signed: of each recipient, table and place the latest expiry, as long as it is to come. */
export interface SignedLedger {
  /** Epoch milliseconds: what was signed before is not in it. */
  readonly since: number
  note(to: SignedFor, signed: Pick<SignedEntry, 'at' | 'kind' | 'until'>): void
  entries(): readonly SignedEntry[]
}

/** Who may read what. */
export type SignedFor = { readonly recipient: Recipient } & (
  | { readonly table: SharedTable }
  | { readonly folder: SharedFolder }
)

/** Past this many, what is over is forgotten: so many recipients and tables are seldom asked within an hour. */
const SWEEP_ABOVE = 10_000

export function createSignedLedger(clock: () => number): SignedLedger {
  const entries = new Map<string, SignedEntry>()
  let sweepAbove = SWEEP_ABOVE
  const sweep = () => {
    for (const [key, { until }] of entries) if (until <= clock()) entries.delete(key)
    sweepAbove = Math.max(SWEEP_ABOVE, entries.size * 2)
  }
  return {
    since: clock(),
    note({ recipient, ...to }, { at, kind, until }) {
      const { share, schema, name } = 'table' in to ? to.table : to.folder.asset
      const asset = 'table' in to ? {} : { asset: to.folder.kind }
      const key = JSON.stringify([recipient.id, share, schema, name, kind, at, asset])
      if ((entries.get(key)?.until ?? 0) >= until) return
      const names = { recipient: recipient.name, share, schema, table: name, ...asset }
      entries.set(key, { ...names, at, kind, until })
      if (entries.size > sweepAbove) sweep()
    },
    entries() {
      sweep()
      return [...entries.values()]
    },
  }
}

/** Scheme and host of a URL: what a bucket or a gateway answers by. */
export function originOf(url: string): string {
  const host = url.indexOf('//') + 2
  const end = url.indexOf('/', host)
  return end < 0 ? url : url.slice(0, end)
}
