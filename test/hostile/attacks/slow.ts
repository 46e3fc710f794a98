import { type Attack, sending, table } from './attack.js'
import { type AttackedServer, requestOf, TOKENS } from './attacked-server.js'
import type { Reply } from './raw-http.js'

const HEAD = `GET /delta-sharing/shares HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.attacker}\r\n`
const POST = `POST /delta-sharing${table('plain')}/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.attacker}\r\n`
const drip = (piece: string) => Array.from({ length: 60 }, () => piece)
const SLOWLY = { pauseMs: 150, mostMs: 12_000, quietMs: 12_000 } as const

/** As many connections at once, of each the same; the reply is that of the last. */
async function together(count: number, send: () => Promise<Reply>): Promise<Reply> {
  const replies = await Promise.all(Array.from({ length: count }, send))
  return replies.at(-1)!
}

const query = (name: string) =>
  requestOf({ method: 'POST', path: `${table(name)}/query`, body: '{}' })

export const SLOW: readonly Attack[] = [
  {
    name: '200 heads that drip',
    send: server => together(200, () => server.raw([HEAD, ...drip('X: y\r\n')], SLOWLY)),
    status: 408,
  },
  {
    name: '200 connections that say nothing',
    send: server => together(200, () => server.raw('', { mostMs: 8000, quietMs: 8000 })),
    status: 408,
  },
  {
    name: '100 bodies that drip',
    send: server =>
      together(100, () =>
        server.raw([`${POST}Content-Length: 1000\r\n\r\n`, ...drip(' ')], SLOWLY),
      ),
    status: [429, 408],
  },
  {
    name: 'a body in chunks that drips',
    send: sending([`${POST}Transfer-Encoding: chunked\r\n\r\n`, ...drip('1\r\n \r\n')], SLOWLY),
    status: 408,
  },
  {
    name: 'a body that ends halfway',
    send: sending(`${POST}Content-Length: 1000\r\n\r\n{`, { end: true }),
    status: 400,
  },
  {
    // The connection ends with its sender, as is Node's way: the answer is whole, or none.
    name: 'a request whose sender says no more and listens',
    async send(server) {
      const reply = await server.raw(query('plain'), { end: true, mostMs: 3000 })
      return { ...reply, statuses: reply.statuses.filter(each => each !== 200) }
    },
    status: [],
  },
  {
    name: '60 readers that never read',
    send: server =>
      together(60, () => server.raw(query('wide'), { deaf: true, quietMs: 2000, mostMs: 4000 })),
    status: [],
  },
  {
    name: '300 that are gone before they are answered',
    send: server =>
      together(300, () => server.raw(query('wide'), { deaf: true, quietMs: 0, mostMs: 50 })),
    status: [],
  },
  {
    name: 'a connection that is reset within its head',
    send: (server: AttackedServer) => server.raw('GET /delta', { mostMs: 50 }),
    status: [],
  },
]
