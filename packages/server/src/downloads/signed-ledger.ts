import type { Recipient, SharedTable } from '@spillway/core'

/** Until when something that was handed out is good, unless whoever serves it refuses it before. */
export interface SignedEntry {
  readonly recipient: string
  readonly share: string
  readonly schema: string
  readonly table: string
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
  note(
    to: { readonly recipient: Recipient; readonly table: SharedTable },
    signed: Pick<SignedEntry, 'at' | 'kind' | 'until'>,
  ): void
  entries(): readonly SignedEntry[]
}

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
    note({ recipient, table }, { at, kind, until }) {
      const { share, schema, name } = table
      const key = JSON.stringify([recipient.id, share, schema, name, kind, at])
      if ((entries.get(key)?.until ?? 0) >= until) return
      entries.set(key, { recipient: recipient.name, share, schema, table: name, at, kind, until })
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
