import type { Server } from 'node:http'
import { TableError } from '@spillway/core'

/** Resolves when the server can be reached, or says why it cannot be. */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message
      reject(
        new TableError('INVALID_REQUEST', `cannot listen on ${host}:${port}: ${reason}`, { cause }),
      )
    })
    server.listen(port, host, resolve)
  })
}
