import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ByteRange, ByteSource } from './byte-source.js'

/** A remote file as DuckDB may ask for it. */
interface ServedFile {
  readonly key: string
  readonly size: number
  readonly reader: ByteSource
  /** Its last bytes, which everybody asks for first. */
  readonly tail: Uint8Array
}

/** Files behind signed URLs at addresses of this machine, which do not expire and hold no secret of the provider. */
export interface LoopbackServer {
  /** The address of a file until `remove`. */
  add(file: ServedFile): string
  remove(url: string): void
  /** Why a request for what `reader` brings failed first, if asked for the first time: DuckDB only hears that one did. */
  takeFailure(reader: ByteSource): unknown
  close(): Promise<void>
}

/** Serves ranges to whoever knows the path, of which DuckDB alone is told. */
export async function loopbackServer(): Promise<LoopbackServer> {
  const secret = randomBytes(16).toString('hex')
  const files = new Map<string, ServedFile>()
  const stop = new AbortController()
  let names = 0
  const failures = new WeakMap<ByteSource, unknown>()
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '')
    if (file === undefined) return void response.writeHead(404).end()
    serve(file, { request, response, signal: stop.signal }).catch(error => {
      if (!failures.has(file.reader)) failures.set(file.reader, error)
      // A short body is no answer: DuckDB must not take it for the whole.
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    add(file) {
      const path = `/${secret}/${names++}.parquet`
      files.set(path, file)
      return origin + path
    },
    remove: url => void files.delete(url.slice(origin.length)),
    takeFailure(reader) {
      const taken = failures.get(reader)
      failures.delete(reader)
      return taken
    },
    async close() {
      stop.abort()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly signal: AbortSignal
}

async function serve(file: ServedFile, { request, response, signal }: Exchange): Promise<void> {
  const range = rangeOf(request.headers.range, file.size)
  if (range === undefined) return void response.writeHead(416).end()
  const { start, end } = range
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'content-length': end - start,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    ...(request.headers.range !== undefined && {
      'content-range': `bytes ${start}-${end - 1}/${file.size}`,
    }),
  })
  if (request.method === 'HEAD') return void response.end()
  const tailStart = file.size - file.tail.length
  const write = (bytes: Uint8Array) => send(response, bytes)
  const object = { key: file.key, size: file.size }
  await file.reader.read(object, { start, end: Math.min(end, tailStart) }, write, signal)
  const from = Math.max(start, tailStart)
  if (end > from) await write(file.tail.subarray(from - tailStart, end - tailStart))
  response.end()
}

function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return { start: 0, end: size }
  const match = /^bytes=(\d+)-(\d*)$/.exec(header)
  if (match === null) return undefined
  const start = Number(match[1])
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)
  return start < end ? { start, end } : undefined
}

/** Waits while the reader is slower than the network. */
function send(response: ServerResponse, bytes: Uint8Array): Promise<void> | undefined {
  if (response.destroyed) throw new Error('DuckDB closed the connection')
  if (response.write(bytes)) return undefined
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      response.off('drain', drained)
      response.off('close', closed)
      outcome()
    }
    const drained = () => settle(resolve)
    const closed = () => settle(() => reject(new Error('DuckDB closed the connection')))
    response.once('drain', drained)
    response.once('close', closed)
  })
}
