import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A server that says, byte for byte, what a test has it say. */
export interface RawServer {
  readonly endpoint: string
  /** First lines and range headers of the requests seen. */
  readonly requests: string[]
  /** The n-th request's answer, from 0. */
  answer: (request: string, index: number) => RawAnswer
  close(): Promise<void>
}

export interface RawAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Ends the body with the connection, without having said how long it is. */
  readonly untold?: boolean
  /** Sends the body in chunks, which says where it ends and not how long it is. */
  readonly chunked?: boolean
}

export async function rawServer(): Promise<RawServer> {
  const state: RawServer = {
    endpoint: '',
    requests: [],
    answer: () => ({ status: 500 }),
    close: () => closed(server),
  }
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    const line = `${method} ${url}${headers.range === undefined ? '' : ` ${headers.range}`}`
    const answer = state.answer(line, state.requests.push(line) - 1)
    const body = Buffer.from(answer.body ?? '')
    const lines = Object.entries({
      ...(!answer.untold && !answer.chunked && { 'Content-Length': String(body.length) }),
      ...(answer.chunked && { 'Transfer-Encoding': 'chunked' }),
      Connection: 'close',
      ...answer.headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = response.socket as Socket
    socket.write(`HTTP/1.1 ${answer.status ?? 200} Told\r\n${lines.join('')}\r\n`)
    if (method !== 'HEAD') {
      if (answer.chunked) socket.write(`${body.length.toString(16)}\r\n`)
      socket.write(body)
      if (answer.chunked) socket.write(body.length === 0 ? '\r\n' : '\r\n0\r\n\r\n')
    }
    socket.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(state, { endpoint: `http://127.0.0.1:${port}` })
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
