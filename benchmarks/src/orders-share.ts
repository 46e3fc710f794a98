import type { Engine } from '@spillway/engine'
import {
  createConfigShares,
  createSharingServer,
  type SharingServer,
  tokenHash,
} from '@spillway/server'

const TOKEN = 'a-token-of-the-benchmark'
const QUERY = '/delta-sharing/shares/lake/schemas/sales/tables/orders/query'

/** A server that shares the table at `location` as `lake.sales.orders`. */
export function ordersServer(engine: Engine, location: string): SharingServer {
  const catalog = createConfigShares({
    shares: [
      { name: 'lake', schemas: [{ name: 'sales', tables: [{ name: 'orders', location }] }] },
    ],
    recipients: [
      { name: 'reader', tokens: [{ sha256: tokenHash(TOKEN).toString('hex') }], shares: ['lake'] },
    ],
  })
  return createSharingServer({ engine, catalog })
}

/** The question of its recipient, to a server at `origin`. */
export function ordersQuestion(
  body: object,
  headers: Readonly<Record<string, string>> = {},
  origin = 'http://127.0.0.1',
): Request {
  return new Request(`${origin}${QUERY}`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  })
}

/** Asks that server without a socket. */
export function ordersShare(
  engine: Engine,
  location: string,
): (body: object, headers?: Readonly<Record<string, string>>) => Promise<Response> {
  const server = ordersServer(engine, location)
  return async (body, headers) => server.fetch(ordersQuestion(body, headers))
}
