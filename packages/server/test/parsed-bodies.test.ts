import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeListener } from '../src/node.js'
import { serverToMount } from './support/mounting.js'
import { failure } from './support/serve.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const PATH = '/delta-sharing/shares/lake/schemas/main/tables/simple/query'
const always = () => true

/** Asks the server as it is mounted behind `before`. */
async function behind(before: express.RequestHandler) {
  const { server, remove } = serverToMount()
  const app = express().use(before).use('/delta-sharing', nodeListener(server))
  const http = await new Promise<Server>(resolve => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  ends.push(() => {
    http.closeAllConnections()
    http.close()
    remove()
  })
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return (body: RequestInit['body'], headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${origin}${PATH}`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body }),
      duplex: 'half',
    } as RequestInit)
}

const limited = '{"limitHint":1, "predicateHints":["id = 2"]}'
const lines = async (answer: Response) => (await answer.text()).trimEnd().split('\n').length

describe('a body that was read before the server is asked', () => {
  it.each<readonly [string, express.RequestHandler]>([
    ['bytes', express.raw({ type: always })],
    ['a text', express.text({ type: always })],
    ['nothing, since it is of another type', express.json({ type: 'text/x' })],
  ])('is used where it was kept as %s', async (_, before) => {
    const ask = await behind(before)
    const answer = await ask(limited)
    expect([answer.status, await lines(answer)]).toEqual([200, 3])
    expect((await ask('{"version":')).status).toBe(400)
    expect((await ask(undefined)).status).toBe(200)
  })

  it.each<readonly [string, express.RequestHandler, RequestInit['body']]>([
    ['a document', express.json({ type: always }), limited],
    ['a text in a document', express.json({ type: always, strict: false }), JSON.stringify('{}')],
    [
      'a text of no known length',
      express.text({ type: always }),
      new Blob([limited]).stream() as unknown as RequestInit['body'],
    ],
    [
      'a text of bytes that are no text',
      express.text({ type: always }),
      Buffer.from([...Buffer.from('{"limitHint":1, "x":"'), 0xf0, 0x9f, 0x92, 0x22, 0x7d]),
    ],
    [
      'nothing',
      (request, _, next) => {
        request.on('end', next).resume()
      },
      limited,
    ],
    [
      'nothing of its beginning',
      (request, _, next) => {
        request.once('data', () => {
          request.pause()
          next()
        })
      },
      limited,
    ],
  ])('is refused at once where it was kept as %s', async (_, before, body) => {
    const answer = await (await behind(before))(body)
    expect(await failure(answer)).toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
      message: expect.stringMatching(/mount it before any body parser/),
    })
  })

  it('hinders nothing that has no body, and tells nobody who may not ask', async () => {
    const ask = await behind(express.json({ type: always }))
    expect((await ask(undefined)).status).toBe(200)
    expect((await ask(limited, { authorization: 'Bearer other' })).status).toBe(401)
  })
})

describe('a Request whose body somebody has read', () => {
  it.each<readonly [string, (request: Request) => unknown]>([
    ['whole', request => request.text()],
    ['and holds', request => request.body?.getReader()],
    [
      'in part and let go',
      async request => {
        const reader = request.body!.getReader()
        await reader.read()
        reader.releaseLock()
      },
    ],
  ])('%s is refused, and not taken for an empty question', async (_, read) => {
    const { server, remove } = serverToMount()
    ends.push(remove)
    const request = new Request(`http://localhost${PATH}`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
      body: limited,
    })
    await read(request)
    expect(await failure(await server.fetch(request))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/mount it before any body parser/),
    })
  })
})
