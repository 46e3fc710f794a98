import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

export interface RawServer {
  readonly url: string
  /** Connections that were opened. */
  connections(): number
  close(): Promise<void>
}

/** A server that answers each request with bytes of the test's choosing, which no HTTP library would send. */
export async function startRawServer(
  answer: (socket: Socket, request: string) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(socket => {
    connections++
    sockets.add(socket)
    let request = ''
    socket.on('data', bytes => {
      request += bytes.toString('latin1')
      const end = request.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/content-length: (\d+)/i.exec(request)?.[1] ?? 0)
      if (request.length < end + 4 + length) return
      const whole = request
      request = ''
      answer(socket, whole)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
