import { createServer, type Server } from 'node:http'
import { listen } from './listen.js'
import type { ServerMetrics } from './metrics.js'

/** What the provider's own machines ask: never mounted where recipients reach the server. */
export async function startAdmin(
  address: { readonly host: string; readonly port: number },
  metrics: ServerMetrics,
): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?', 1)[0]
    const reading = request.method === 'GET' || request.method === 'HEAD'
    if (!reading || (path !== '/metrics' && path !== '/healthz')) {
      response.writeHead(reading ? 404 : 405).end()
      return
    }
    const { text, type } =
      path === '/metrics' ? await metrics.expose() : { text: 'ok\n', type: 'text/plain' }
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : text)
  })
  await listen(server, address)
  return server
}
