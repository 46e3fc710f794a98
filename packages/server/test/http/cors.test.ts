import { describe, expect, it } from 'vitest'
import { withCors } from '../../src/index.js'

const inner = {
  fetch: async (request: Request) =>
    new Response(request.method === 'GET' ? 'rows' : null, {
      status: request.method === 'GET' ? 200 : 405,
      headers: { 'delta-table-version': '3', vary: 'accept-encoding' },
    }),
}

function request(method: string, headers: Record<string, string>): Request {
  return new Request('http://share.example/delta-sharing/shares', { method, headers })
}

const page = { origin: 'https://app.example' }
const preflight = {
  ...page,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type,delta-sharing-capabilities',
}

describe('withCors', () => {
  it('answers the preflight of a listed origin itself', async () => {
    const response = await withCors(inner, { origins: [page.origin] }).fetch(
      request('OPTIONS', preflight),
    )
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(page.origin)
    const allowed = response.headers.get('access-control-allow-headers')!.split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining(preflight['access-control-request-headers'].split(',')),
    )
    // As our own client asks for parts of a file.
    expect(allowed).toEqual(expect.arrayContaining(['range', 'if-match', 'if-none-match']))
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
  })

  it('lets the page read the headers that the protocol answers with', async () => {
    const response = await withCors(inner, { origins: [page.origin] }).fetch(request('GET', page))
    expect(await response.text()).toBe('rows')
    expect(response.headers.get('access-control-expose-headers')).toContain('delta-table-version')
    expect(response.headers.get('vary')).toBe('accept-encoding, Origin')
  })

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the same host with another port', { origin: 'https://app.example:8443' }],
    ['no origin', {}],
  ])('says nothing to a request from %s, and still answers it', async (_name, headers) => {
    const response = await withCors(inner, { origins: [page.origin] }).fetch(
      request('GET', headers),
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('refuses the preflight of an origin that is not listed', async () => {
    const asked = request('OPTIONS', { ...preflight, origin: 'https://evil.example' })
    const response = await withCors(inner, { origins: [page.origin] }).fetch(asked)
    expect([...response.headers.keys()]).toEqual(['vary'])
  })

  it('never allows cookies, whatever the origin', async () => {
    const response = await withCors(inner, { origins: ['*'] }).fetch(request('GET', page))
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('passes an OPTIONS request on that is no preflight', async () => {
    const response = await withCors(inner, { origins: ['*'] }).fetch(request('OPTIONS', page))
    expect(response.status).toBe(405)
  })

  it('takes a response whose headers cannot be written', async () => {
    const sealed = { fetch: () => fetch('data:text/plain,rows') }
    const response = await withCors(sealed, { origins: ['*'] }).fetch(request('GET', page))
    expect([await response.text(), response.headers.get('access-control-allow-origin')]).toEqual([
      'rows',
      '*',
    ])
  })

  it.each(['https://app.example/', 'app.example', 'https://APP.example', 'ftp://app.example', ''])(
    'refuses %j, which no browser sends as an origin',
    origin => {
      expect(() => withCors(inner, { origins: [origin] })).toThrow(/expected "\*" or an origin/)
    },
  )
})
