/** What one process asked of the simulated store. */
export interface StoreUse {
  readonly get: number
  readonly head: number
  readonly list: number
  readonly put: number
  /** Answered with 503, and in none of the others: nobody pays for those. */
  readonly throttled: number
  /** Bytes of all answers' bodies. */
  readonly bytes: number
}

/** The list price of requests to S3 Standard, in US dollars. Bytes to a server in the same region cost nothing. */
export const PRICES = {
  region: 'us-east-1',
  day: '2026-12-01',
  perThousandGets: 0.0004,
  perThousandListsOrPuts: 0.005,
} as const

/** US dollars for what was asked once. */
export function priceOf({ get, head, list, put }: StoreUse): number {
  const reads = ((get + head) * PRICES.perThousandGets) / 1000
  return reads + ((list + put) * PRICES.perThousandListsOrPuts) / 1000
}
