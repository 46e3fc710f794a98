import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { serverCloser } from '../../src/serve/close-server.js'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Answers begin at once, and end when `end` is called. */
async function slowServer() {
  const answers: (() => void)[] = []
  const server = createServer((_, response) => {
    response.write('begin ')
    answers.push(() => response.end('end'))
  })
  const closer = serverCloser(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { closer, answers, port: (server.address() as AddressInfo).port }
}

async function ask(port: number, agent?: Agent): Promise<IncomingMessage> {
  const asking = request({ port, host: '127.0.0.1', ...(agent && { agent }) })
  asking.on('error', () => undefined).end()
  const [response] = await once(asking, 'response')
  return response as IncomingMessage
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response) text += String(part)
  return text
}

it('lets answers under way end, takes no new connection, and a kept one for the answer that it waits for', async () => {
  const { closer, answers, port } = await slowServer()
  const agent = new Agent({ keepAlive: true })
  const first = await ask(port)
  const kept = ask(port, agent)
  const second = await kept
  const closing = closer.close(5000)
  await pause(20)
  await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  const texts = Promise.all([textOf(first), textOf(second)])
  for (const end of answers) end()
  expect(await texts).toEqual(['begin end', 'begin end'])
  await closing
  agent.destroy()
})

it('resets what is not done within the grace: no answer looks whole that is not', async () => {
  const { closer, port } = await slowServer()
  const answer = await ask(port)
  // An answer to HTTP/1.0 has no other end than that of its connection.
  const old = connect(port, '127.0.0.1')
  old.write('GET / HTTP/1.0\r\n\r\n')
  let received = ''
  const ended = new Promise<string>(resolve => {
    old.on('data', part => {
      received += String(part)
    })
    old.on('end', () => resolve('ended'))
    old.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
  })
  while (!received.includes('begin')) await pause(5)
  const [text] = await Promise.allSettled([textOf(answer), closer.close(50)])
  expect(text).toMatchObject({ status: 'rejected', reason: { code: 'ECONNRESET' } })
  expect(await ended).toBe('ECONNRESET')
})

it('has who keeps a connection ask no more on it', async () => {
  const { closer, answers, port } = await slowServer()
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', part => {
    received += String(part)
  })
  const ended = once(socket, 'end')
  socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\n')
  while (answers.length < 1) await pause(5)
  const closing = closer.close(5000)
  // Sent before it could know.
  socket.write('GET /2 HTTP/1.1\r\nhost: x\r\n\r\n')
  while (answers.length < 2) await pause(5)
  for (const end of answers) end()
  await closing
  // The server has closed its side by now: what it sent may still be on the way to this one.
  await ended
  expect(received.split('HTTP/1.1 200 OK')).toHaveLength(3)
  expect(received.split('HTTP/1.1 200 OK')[2]).toMatch(/connection: close/i)
})
