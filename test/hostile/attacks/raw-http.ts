import { connect, type Socket } from 'node:net'

/** What came back on one connection. */
export interface Reply {
  /** Of every response, in order; empty where the connection ended without one. */
  readonly statuses: readonly number[]
  /** Everything, a character a byte. */
  readonly text: string
  readonly closed: boolean
  readonly tookMs: number
}

export interface SendOptions {
  /** After everything was sent and nothing more has come for as long, what has come is the answer. */
  readonly quietMs?: number
  /** The answer is what has come by then. */
  readonly mostMs?: number
  /** Between one piece and the next. */
  readonly pauseMs?: number
  /** The writing side is closed once everything was sent. */
  readonly end?: boolean
  /** What comes is left in the system's buffers. */
  readonly deaf?: boolean
}

/** Sends bytes over a connection of their own and listens until it is closed, or quiet. */
export async function sendRaw(
  port: number,
  bytes: string | Buffer | Iterable<string | Buffer>,
  { quietMs = 1500, mostMs = 15_000, pauseMs = 0, end = false, deaf = false }: SendOptions = {},
): Promise<Reply> {
  const start = performance.now()
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  let closed = false
  let heardAt = start
  if (!deaf) {
    socket.on('data', chunk => {
      heardAt = performance.now()
      chunks.push(chunk)
    })
  } else socket.pause()
  socket.on('error', () => undefined)
  const closing = new Promise<void>(resolve =>
    socket.once('close', () => {
      closed = true
      resolve()
    }),
  )
  const pieces = typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes
  for (const piece of pieces) {
    if (closed || performance.now() - start > mostMs) break
    await written(socket, piece, closing)
    if (pauseMs > 0) await Promise.race([closing, pause(pauseMs)])
  }
  if (end && !closed) socket.end()
  const sentAt = performance.now()
  while (!closed && performance.now() - start < mostMs) {
    if (performance.now() - Math.max(heardAt, sentAt) > quietMs && (chunks.length > 0 || deaf))
      break
    await Promise.race([closing, pause(20)])
  }
  socket.destroy()
  const text = Buffer.concat(chunks).toString('latin1')
  return { statuses: statusesOf(text), text, closed, tookMs: performance.now() - start }
}

function written(socket: Socket, piece: string | Buffer, closing: Promise<void>): Promise<unknown> {
  const data = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
  return Promise.race([closing, new Promise<void>(resolve => socket.write(data, () => resolve()))])
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** 100 and other interim ones are not among them. */
function statusesOf(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status))
}

/** The body of the last response, its chunks put together. */
export function bodyOf({ text }: Pick<Reply, 'text'>): string {
  const at = text.lastIndexOf('HTTP/1.1 ')
  const end = text.indexOf('\r\n\r\n', at)
  const head = text.slice(at, end)
  let rest = text.slice(end + 4)
  if (!/transfer-encoding: chunked/i.test(head)) return rest
  const chunks: string[] = []
  for (;;) {
    const line = rest.indexOf('\r\n')
    const length = Number.parseInt(rest.slice(0, line), 16)
    if (!(length > 0)) return chunks.join('')
    chunks.push(rest.slice(line + 2, line + 2 + length))
    rest = rest.slice(line + 4 + length)
  }
}
