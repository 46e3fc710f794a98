import type { Engine } from '@spillway/engine'
import { createConfigShares, createSharingServer, tokenHash } from '@spillway/server'

const TOKEN = 'a-token-of-the-benchmark'
const QUERY = 'http://127.0.0.1/delta-sharing/shares/lake/schemas/sales/tables/orders/query'

/** Asks a server, without a socket, that shares the table at `location` as `lake.sales.orders`. */
export function ordersShare(
  engine: Engine,
  location: string,
): (body: object, headers?: Readonly<Record<string, string>>) => Promise<Response> {
  const catalog = createConfigShares({
    shares: [
      { name: 'lake', schemas: [{ name: 'sales', tables: [{ name: 'orders', location }] }] },
    ],
    recipients: [
      { name: 'reader', tokens: [{ sha256: tokenHash(TOKEN).toString('hex') }], shares: ['lake'] },
    ],
  })
  const server = createSharingServer({ engine, catalog })
  return async (body, headers = {}) =>
    server.fetch(
      new Request(QUERY, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(body),
      }),
    )
}
