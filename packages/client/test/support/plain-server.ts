import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An OpenSharing server that knows the protocol's pages and nothing of ours: answers by path, 404 for all others. */
export interface PlainServer {
  readonly profile: {
    readonly shareCredentialsVersion: 1
    readonly endpoint: string
    readonly bearerToken: string
  }
  readonly asked: string[]
  close(): Promise<void>
}

export type Answers = Readonly<Record<string, () => unknown>>

export async function plainServer(answers: Answers, unknown = 404): Promise<PlainServer> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url?.split('?')[0]}`
    asked.push(line)
    const answer = answers[line]
    const body = answer === undefined ? { message: 'no such path' } : await answer()
    response.writeHead(answer === undefined ? unknown : 200).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    profile: { shareCredentialsVersion: 1, endpoint, bearerToken: 'a-token' },
    asked,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
