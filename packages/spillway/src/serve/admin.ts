import { createServer, type Server } from 'node:http'
import type { SignedLedger } from '@spillway/server'
import { listen } from './listen.js'
import type { ServerMetrics } from './metrics.js'

export interface AdminOptions {
  readonly metrics: ServerMetrics
  /** What this process has signed, by every configuration it ran with. */
  readonly signed: () => readonly SignedLedger[]
}

interface Page {
  readonly text: string
  readonly type: string
}

/** What the provider's own machines ask: never mounted where recipients reach the server. */
export async function startAdmin(
  address: { readonly host: string; readonly port: number },
  { metrics, signed }: AdminOptions,
): Promise<Server> {
  const pages: Readonly<Record<string, () => Page | Promise<Page>>> = {
    '/metrics': () => metrics.expose(),
    '/healthz': () => ({ text: 'ok\n', type: 'text/plain' }),
    '/signed': () => ({ text: signedText(signed()), type: 'application/json' }),
  }
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const reading = request.method === 'GET' || request.method === 'HEAD'
    if (!reading || !Object.hasOwn(pages, path)) {
      response.writeHead(reading ? 404 : 405).end()
      return
    }
    const { text, type } = await pages[path]!()
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : text)
  })
  await listen(server, address)
  return server
}

function signedText(ledgers: readonly SignedLedger[]): string {
  const since = Math.min(...ledgers.map(ledger => ledger.since))
  return `${JSON.stringify({ since, signed: ledgers.flatMap(ledger => ledger.entries()) })}\n`
}
