import { createServer } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { beginInTurn } from '../../src/http/pipeline.js'
import { nodeListener } from '../../src/node.js'

describe('beginInTurn', () => {
  it('begins a few in one turn and the others later, in order', async () => {
    const socket = new Socket()
    const begun: number[] = []
    for (let i = 0; i < 100; i++) beginInTurn(socket, () => begun.push(i))
    expect(begun).toHaveLength(16)
    await turn()
    expect(begun.length).toBeLessThan(100)
    for (let i = 0; i < 10; i++) await turn()
    expect(begun).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('begins at once what comes alone, also after many', async () => {
    const socket = new Socket()
    for (let i = 0; i < 40; i++) beginInTurn(socket, () => undefined)
    for (let i = 0; i < 10; i++) await turn()
    let isBegun = false
    beginInTurn(socket, () => {
      isBegun = true
    })
    expect(isBegun).toBe(true)
  })

  it('lets no more wait than a few: the connection is read on when they have begun', async () => {
    const socket = new Socket()
    for (let i = 0; i < 79; i++) beginInTurn(socket, () => undefined)
    expect(socket.isPaused()).toBe(false)
    beginInTurn(socket, () => undefined)
    expect(socket.isPaused()).toBe(true)
    for (let i = 0; i < 10; i++) await turn()
    expect(socket.isPaused()).toBe(false)
  })

  it('stops again where what it begins has the connection read on', async () => {
    const socket = new Socket()
    for (let i = 0; i < 200; i++) beginInTurn(socket, () => socket.resume())
    socket.resume()
    await turn()
    expect(socket.isPaused()).toBe(true)
    for (let i = 0; i < 20; i++) await turn()
    expect(socket.isPaused()).toBe(false)
  })

  it('never begins what waits on a connection that closes', async () => {
    const socket = new Socket()
    let begun = 0
    for (let i = 0; i < 40; i++) beginInTurn(socket, () => begun++)
    socket.destroy()
    for (let i = 0; i < 10; i++) await turn()
    expect(begun).toBe(16)
  })
})

it('a pipeline of thousands of requests leaves turns to others', async () => {
  let turns = 0
  let counting = false
  const count = () => {
    if (!counting) return
    turns++
    setImmediate(count)
  }
  const server = createServer(
    nodeListener({
      async fetch() {
        if (!counting) {
          counting = true
          setImmediate(count)
        }
        return new Response('x')
      },
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  try {
    const requests = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(999)
    socket.write(`${requests}GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += chunk
    counting = false
    expect(text.split('HTTP/1.1 200').length - 1).toBe(1000)
    // Without turns in between, a read of the socket begins hundreds of them.
    expect(turns).toBeGreaterThan(50)
  } finally {
    socket.destroy()
    server.close()
  }
})

it('a client that pipelines without end keeps its requests to itself', async () => {
  let seen = 0
  const listener = nodeListener({ fetch: async () => new Response('x') })
  const server = createServer((request, response) => {
    seen++
    listener(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  // No answer is ever read, and each request is as small as can be.
  const requests = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(20_000)
  try {
    for (let i = 0; i < 40; i++) socket.write(requests)
    socket.pause()
    let before = -1
    while (before !== seen) {
      before = seen
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    expect(seen).toBeGreaterThan(100)
    expect(seen).toBeLessThan(20_000)
  } finally {
    socket.destroy()
    server.close()
  }
})
