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
