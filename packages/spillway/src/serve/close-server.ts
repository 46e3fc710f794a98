import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Ends a server's answers in an orderly way: made before it listens. */
export interface ServerCloser {
  /**
   * Takes no more connections, and waits `graceMs` for the answers under way. The connections of the rest are reset: a
   * recipient sees that the answer broke off, also one whose answer has no other end than that of its connection.
   */
  close(graceMs: number): Promise<void>
}

/** A connection that has become idle is closed as soon. */
const LOOK_EVERY_MS = 50

export function serverCloser(server: Server): ServerCloser {
  const sockets = new Set<Socket>()
  let closing = false
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // First of all listeners: what a keep-alive connection asks now is its last request.
  server.prependListener('request', (_, response) => {
    if (closing) response.setHeader('connection', 'close')
  })
  return {
    async close(graceMs) {
      closing = true
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      const looking = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS)
      const ending = setTimeout(() => {
        for (const socket of sockets) socket.resetAndDestroy()
      }, graceMs)
      await closed
      clearInterval(looking)
      clearTimeout(ending)
    },
  }
}
