import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TableError } from '@spillway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchSigned } from '../../src/index.js'

const refuse = (reason: string) => new TableError('INVALID_REQUEST', reason)
const ask = (url: string, fetch?: typeof globalThis.fetch) =>
  fetchSigned(url, { headers: { range: 'bytes=0-1' }, fetch, refuse })

let server: Server
let other: Server
let reached = 0
const urlOf = (of: Server) => `http://127.0.0.1:${(of.address() as AddressInfo).port}`
const started = (listener: (path: string, response: ServerResponse) => void) =>
  new Promise<Server>(resolve => {
    const made = createServer((request, response) => listener(request.url!, response))
    made.listen(0, '127.0.0.1', () => resolve(made))
  })

beforeAll(async () => {
  other = await started((_, response) => {
    reached++
    response.end('what only the recipient reaches')
  })
  server = await started((path, response) => {
    const to = decodeURIComponent(path.slice('/to/'.length))
    if (path.startsWith('/to/')) response.writeHead(307, { location: to }).end()
    else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end()
    else if (path === '/301') response.writeHead(301).end()
    else response.end('bytes')
  })
})
afterAll(() => {
  for (const each of [server, other]) each.close()
})

describe('a signed URL that redirects', () => {
  it('within its origin is followed', async () => {
    const response = await ask(`${urlOf(server)}/to/${encodeURIComponent('/bytes')}`)
    expect(await response.text()).toBe('bytes')
  })

  it('to another port, where nothing is asked, is refused', async () => {
    const error = await ask(
      `${urlOf(server)}/to/${encodeURIComponent(`${urlOf(other)}/x?sig=s3cret`)}`,
    ).catch(failure => failure)
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(error.message).toContain(`it redirects to ${urlOf(other)}:`)
    expect(error.message).not.toContain('s3cret')
    expect(reached).toBe(0)
  })

  it.each([
    ['file:///etc/passwd', 'found one by file:'],
    ['http://169.254.169.254/latest/meta-data', 'redirects to http://169.254.169.254:'],
    ['https://169.254.169.254/latest', 'redirects to https://169.254.169.254:'],
    ['https://0xa9fea9fe/latest', 'redirects to https://169.254.169.254:'],
    ['https://[::1]/x', 'redirects to https://[::1]:'],
    ['https://localhost/x', 'redirects to https://localhost:'],
    ['https://a.localhost./x', 'redirects to https://a.localhost.:'],
    ['https://intranet/x', 'redirects to https://intranet:'],
    ['http://store.example/x', 'redirects to http://store.example:'],
    ['https://user:s3cret@store.example/x', 'holds a user and a password'],
    ['https://', 'to what is no URL'],
  ])('to %s is refused', async (to, reason) => {
    const error = await ask(`${urlOf(server)}/to/${encodeURIComponent(to)}`).catch(e => e)
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(error.message).toContain(reason)
    expect(error.message).not.toContain('s3cret')
  })

  it('by https to a host of another region is followed, with the same headers', async () => {
    const asked: unknown[] = []
    const response = await ask('https://b.s3.amazonaws.com/k', async (url, options) => {
      asked.push([url, options?.headers, options?.redirect])
      return asked.length > 1
        ? new Response('bytes')
        : new Response(null, {
            status: 307,
            headers: { location: 'https://b.s3.eu-west-1.amazonaws.com/k' },
          })
    })
    expect(await response.text()).toBe('bytes')
    const rules = [{ range: 'bytes=0-1' }, 'manual']
    expect(asked).toEqual([
      ['https://b.s3.amazonaws.com/k', ...rules],
      ['https://b.s3.eu-west-1.amazonaws.com/k', ...rules],
    ])
  })

  it('for ever is given up, and one that says no place is an answer', async () => {
    await expect(ask(`${urlOf(server)}/loop`)).rejects.toThrow('it redirects more than 5 times')
    expect((await ask(`${urlOf(server)}/301`)).status).toBe(301)
  })
})

describe('a signed URL', () => {
  it.each(['http://user:s3cret@127.0.0.1/x', 'file:///etc/passwd', 's3cret'])(
    '%s is refused unasked, and stands in no error',
    async url => {
      const error = await ask(url).catch(failure => failure)
      expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
      expect(`${error.message} ${error.stack}`).not.toMatch(/s3cret|passwd/)
    },
  )

  it('that an implementation of fetch says in its error stands in none of ours', async () => {
    const cause = new Error('connect to https://h.example/k?sig=s3cret failed')
    const error = await ask('https://h.example/k?sig=s3cret', () =>
      Promise.reject(new TypeError('fetch failed', { cause })),
    ).catch(failure => failure)
    expect(error.message).toBe('connect to the URL failed')
    expect(error.cause).toBeUndefined()
  })
})
