import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { nodeListener } from '../src/node.js'

let http: Server | undefined
afterEach(() => {
  http?.closeAllConnections()
  http?.close()
})

const length = nodeListener({
  fetch: async request => new Response(String((await request.text()).length)),
})

it.each<readonly [string, (server: Server, listener: RequestListener) => void]>([
  ['nobody is asked whether to go on', (server, listener) => server.on('request', listener)],
  [
    'the listener is asked',
    (server, listener) => server.on('request', listener).on('checkContinue', listener),
  ],
  [
    'somebody else says so first',
    (server, listener) =>
      server.on('request', listener).on('checkContinue', (request, response) => {
        response.writeContinue()
        server.emit('request', request, response)
      }),
  ],
])('a client that waits to be told to send is told once where %s', async (_, mount) => {
  http = createServer()
  mount(http, length)
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
  let received = ''
  socket.on('data', bytes => {
    received += bytes
  })
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  await expect.poll(() => received).toMatch(/100 Continue/)
  socket.write('1234')
  await expect.poll(() => received).toMatch(/HTTP\/1.1 200 OK[\s\S]*\r\n4\r\n/)
  expect(received.match(/100 Continue/g)).toHaveLength(1)
  socket.destroy()
})
