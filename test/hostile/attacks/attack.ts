import type { Ask, AttackedServer } from './attacked-server.js'
import type { Reply, SendOptions } from './raw-http.js'

/** One thing that a recipient, or anybody who has the address, sends. */
export interface Attack {
  readonly name: string
  readonly send: (server: AttackedServer) => Promise<Reply>
  /** What comes back, response by response; 0 stands for a connection that is closed without one. */
  readonly status: number | readonly number[]
  /** Of the last response. */
  readonly code?: string
  /** What the last response must hold, or must not. */
  readonly holds?: RegExp
  readonly lacks?: RegExp
  /** Seconds of one turn of the server's event loop, where it may be more than others are allowed. */
  readonly lagSeconds?: number
  /**
   * Sent to a server that waits for heads as long as one does by default: what is asked faster than it is answered is read as it
   * is answered, and a head that is cut in two by that must not be one that never ends.
   */
  readonly isLong?: true
}

export const BAD = 'INVALID_PARAMETER_VALUE'
export const ABSENT = 'RESOURCE_DOES_NOT_EXIST'

/** Any table of the share that the attacker was granted. */
export const table = (name: string) => `/shares/open/schemas/d/tables/${name}`

export function asking(ask: Ask): Attack['send'] {
  return server => server.ask(ask)
}

export function sending(
  bytes: string | Buffer | readonly (string | Buffer)[],
  options?: SendOptions,
): Attack['send'] {
  return server => server.raw(bytes, options)
}

/** The query of a table with this body. */
export function querying(
  name: string,
  body: unknown,
  headers: readonly string[] = [],
): Attack['send'] {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return asking({
    method: 'POST',
    path: `${table(name)}/query`,
    body: text,
    headers: ['Content-Type: application/json', ...headers],
  })
}
