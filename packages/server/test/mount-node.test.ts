import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { nodeListener } from '../src/node.js'
import { expectMounted, serverToMount } from './support/mounting.js'

it('mounts in node:http beside another route', async () => {
  const { server, remove } = serverToMount()
  const sharing = nodeListener(server)
  const http = createServer((request, response) => {
    if (request.url?.startsWith('/delta-sharing/')) sharing(request, response)
    else response.end('hello')
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  await expectMounted(http.address())
  await new Promise(resolve => http.close(resolve))
  remove()
})

it('breaks the connection of an answer that breaks off, and aborts one whose reader has gone', async () => {
  const aborted: boolean[] = []
  const gone = new AbortController()
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"protocol":{}}\n'))
    },
    pull(controller) {
      controller.error(new Error('cut'))
    },
  })
  const http = createServer(
    nodeListener({
      async fetch(request) {
        if (request.url.endsWith('/broken')) return new Response(broken)
        const abort = new Promise(resolve => request.signal.addEventListener('abort', resolve))
        gone.abort()
        await abort
        aborted.push(request.signal.aborted)
        return new Response('late')
      },
    }),
  )
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  await expect(fetch(`${origin}/broken`).then(response => response.text())).rejects.toThrow()
  await expect(fetch(`${origin}/slow`, { signal: gone.signal })).rejects.toThrow()
  await expect.poll(() => aborted, { timeout: 10_000 }).toEqual([true])
  http.closeAllConnections()
  await new Promise(resolve => http.close(resolve))
})
