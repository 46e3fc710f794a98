import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestServer {
  readonly url: string
  readonly requests: readonly {
    readonly method: string
    readonly url: string
    readonly headers: IncomingMessage['headers']
    readonly body: string
  }[]
  /** Requests whose client still waits: neither answered to the end nor let go. */
  waiting(): number
  close(): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A real server on a free loopback port; `count` is the number of this request, from 1. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const requests: TestServer['requests'][number][] = []
  let waiting = 0
  const server: Server = createServer(async (request, response) => {
    waiting++
    response.on('close', () => waiting--)
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ method: request.method!, url: request.url!, headers: request.headers, body })
    handler(request, response, requests.length)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    waiting: () => waiting,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
