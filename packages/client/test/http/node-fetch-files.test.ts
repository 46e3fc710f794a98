import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { BytesAnswer } from '../../src/http/bytes-answer.js'
import { nodeFetchFiles } from '../../src/node.js'

let server: Server
const sockets = new Set<Socket>()
afterEach(() => {
  server.closeAllConnections()
  server.close()
  sockets.clear()
})

async function started(listener: RequestListener): Promise<string> {
  server = createServer(listener)
  server.on('connection', socket => sockets.add(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?sig=s`
}

const asked = (signal?: AbortSignal) =>
  ({
    headers: { range: 'bytes=0-9' },
    redirect: 'manual',
    credentials: 'omit',
    ...(signal && { signal }),
  }) as const

async function bytesOf({ body }: BytesAnswer): Promise<Buffer> {
  const reader = body!.getReader()
  const chunks: Uint8Array[] = []
  for (let next = await reader.read(); !next.done; next = await reader.read())
    chunks.push(next.value)
  return Buffer.concat(chunks)
}

describe('a file by the HTTP of Node', () => {
  it('has its status, its headers and its bytes, and one connection for many', async () => {
    const all = Buffer.alloc(3_000_000, 'spillway')
    const url = await started((request, response) => {
      expect(request.headers.range).toBe('bytes=0-9')
      response.writeHead(206, { etag: '"x"', 'content-length': all.length }).end(all)
    })
    const fetchFiles = nodeFetchFiles()
    for (let i = 0; i < 3; i++) {
      const answer = await fetchFiles(url, asked())
      expect([answer.status, answer.headers.get('etag')]).toEqual([206, '"x"'])
      expect((await bytesOf(answer)).equals(all)).toBe(true)
    }
    expect(sockets.size).toBe(1)
  })

  it('redirects nobody by itself', async () => {
    const url = await started((_, response) => response.writeHead(302, { location: '/b' }).end())
    const answer = await nodeFetchFiles()(url, asked())
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/b'])
    expect((await bytesOf(answer)).length).toBe(0)
  })

  it('is no further ahead than whoever reads it', async () => {
    let sent = 0
    const url = await started((_, response) => {
      const more = () => {
        while (sent < 200_000_000) {
          sent += 65_536
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const answer = await nodeFetchFiles()(url, asked())
    const reader = answer.body!.getReader()
    await reader.read()
    await new Promise(resolve => setTimeout(resolve, 100))
    // What sockets hold between them.
    expect(sent).toBeLessThan(50_000_000)
    await reader.cancel()
  })

  it.each([
    ['before it is read', false],
    ['while it is read', true],
  ])('that breaks off %s is an error, and no end', async (_, isRead) => {
    const url = await started((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('some', () => isRead || response.destroy())
    })
    const answer = await nodeFetchFiles()(url, asked())
    const reader = answer.body!.getReader()
    if (isRead) {
      expect((await reader.read()).value?.toString()).toBe('some')
      for (const socket of sockets) socket.destroy()
    } else {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    const rest = async () => {
      while (!(await reader.read()).done);
    }
    await expect(rest()).rejects.toThrow()
    // Also the next time.
    await expect(reader.read()).rejects.toThrow()
  })

  it('is asked for once more where its connection had been kept and was closed', async () => {
    let count = 0
    const url = await started((request, response) => {
      if (++count === 2) request.socket.destroy()
      else response.end('x')
    })
    const fetchFiles = nodeFetchFiles()
    await bytesOf(await fetchFiles(url, asked()))
    expect((await bytesOf(await fetchFiles(url, asked()))).toString()).toBe('x')
    expect([count, sockets.size]).toEqual([3, 2])
  })

  it('that is cancelled lets its connection go', async () => {
    const url = await started((_, response) => void response.write('x'))
    const stop = new AbortController()
    const answer = await nodeFetchFiles()(url, asked(stop.signal))
    const reader = answer.body!.getReader()
    await reader.read()
    const next = reader.read()
    stop.abort()
    await expect(next).rejects.toThrow()
    await expect.poll(() => [...sockets].every(({ destroyed }) => destroyed)).toBe(true)
  })

  it('whose answer is of another protocol is an error', async () => {
    const url = await started(() => undefined)
    server.on('upgrade', () => undefined)
    server.removeAllListeners('request')
    server.on('request', (_request, response) => {
      response.writeHead(101, { upgrade: 'websocket', connection: 'upgrade' }).end()
    })
    await expect(nodeFetchFiles()(url, asked())).rejects.toThrow()
  })

  it('where nobody listens is an error that can be caught', async () => {
    const url = await started(() => undefined)
    await new Promise(resolve => server.close(resolve))
    await expect(nodeFetchFiles()(url, asked())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
