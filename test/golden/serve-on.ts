import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FetchHandler, nodeListener } from '@spillway/server/node'

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** A handler that knows where it is reached, on a free port of this machine. */
export async function serveOn(
  make: (publicUrl: string) => FetchHandler & { close(): Promise<void> },
): Promise<Served> {
  let handler: FetchHandler | undefined
  const server = createServer(nodeListener({ fetch: async request => handler!.fetch(request) }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const made = make(url)
  handler = made
  return {
    url,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await made.close()
    },
  }
}
