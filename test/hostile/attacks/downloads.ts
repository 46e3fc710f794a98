import type { Attack } from './attack.js'
import { table } from './attack.js'
import { type AttackedServer, TOKENS } from './attacked-server.js'
import { bodyOf } from './raw-http.js'

/** The URL of a file that was granted, as a path. */
async function urlOf(server: AttackedServer, name: string, token?: string): Promise<URL> {
  const path = `${table(name)}/query`
  const reply = await server.ask({ method: 'POST', path, body: '{}', ...(token && { token }) })
  return new URL(/"url":"([^"]+)"/.exec(bodyOf(reply))![1]!)
}

const target = (url: URL) => `=${url.pathname}${url.search}`

/** A change of a URL that was granted: no byte of any file comes back. */
const changed = (
  name: string,
  change: (url: URL, server: AttackedServer) => void | Promise<void>,
  status = 403,
): Attack => ({
  name: `a URL ${name}`,
  async send(server) {
    const url = await urlOf(server, 'parts')
    await change(url, server)
    return server.ask({ path: target(url), token: null })
  },
  status,
  lacks: /PAR1/,
})

/** The folder of a partition in a URL's path, and all behind it. */
const PARTITION = /\/p(?:=|%3D)[^/]+/i
const REST = /\/p(?:=|%3D).*/i

const set = (key: string, value: string) => (url: URL) => {
  url.searchParams.set(key, value)
}

const audience = (parts: readonly string[]) =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

/** The audience as the URL says it, in its parts. */
const partsOf = (url: URL): string[] =>
  JSON.parse(Buffer.from(url.searchParams.get('for')!, 'base64url').toString())

const ranged = (name: string, range: string, status: number, holds: RegExp): Attack => ({
  name: `a range ${name}`,
  async send(server) {
    const path = target(await urlOf(server, 'plain'))
    return server.ask({ path, token: null, headers: [`Range: ${range}`] })
  },
  status,
  holds,
})

const WHOLE = /^HTTP[\s\S]*PAR1[\s\S]*PAR1$/

export const DOWNLOADS: readonly Attack[] = [
  changed('with another time', set('expires', '99999999999')),
  changed('with no time', url => url.searchParams.delete('expires')),
  changed('with two times', url => url.searchParams.append('expires', '99999999999')),
  changed('with a time that is no number', set('expires', '1e12')),
  changed('without a signature', url => url.searchParams.delete('X-Amz-Signature')),
  changed('with two signatures', url => {
    url.searchParams.append('X-Amz-Signature', '0'.repeat(64))
  }),
  changed('with a bit of its signature changed', url => {
    const signature = url.searchParams.get('X-Amz-Signature')!
    url.searchParams.set('X-Amz-Signature', (signature[0] === '0' ? '1' : '0') + signature.slice(1))
  }),
  changed('with its signature in capitals', url => {
    const signature = url.searchParams.get('X-Amz-Signature')!
    url.searchParams.set('X-Amz-Signature', signature.toUpperCase())
  }),
  changed('with an empty signature', set('X-Amz-Signature', '')),
  changed('for nobody', url => url.searchParams.delete('for')),
  changed('for another recipient', url => {
    const [, , ...rest] = partsOf(url)
    url.searchParams.set('for', audience(['light', 'light', ...rest]))
  }),
  changed('for another table', url => {
    const parts = partsOf(url)
    url.searchParams.set('for', audience([...parts.slice(0, 4), 'plain', parts[5]!]))
  }),
  changed('for __proto__', set('for', audience(['__proto__']))),
  changed('for what is no base64', set('for', '%%%')),
  changed('seen otherwise', set('view', audience(['x']))),
  changed('with other folders', set('in', '0,ffffffffffffffff')),
  changed('of a partition that was not granted', url => {
    url.pathname = url.pathname.replace(PARTITION, '/p%3D%2523')
  }),
  changed('of the log', url => {
    url.pathname = url.pathname.replace(REST, '/_delta_log/00000000000000000000.json')
  }),
  changed('of a file above', url => {
    url.pathname = url.pathname.replace(
      REST,
      '/..%2fsecret%2f_delta_log%2f00000000000000000000.json',
    )
  }),
  changed('with an empty name', url => {
    url.pathname = url.pathname.replace(PARTITION, '/$&')
  }),
  changed('encoded twice', url => {
    url.pathname = url.pathname.replace(/%3D/i, '%253D')
  }),
  changed('of another root', url => {
    url.pathname = url.pathname.replace(/files\/[0-9a-f]+/, 'files/0000000000000000')
  }),
  changed('that has expired', async (url, server) => {
    const name = decodeURIComponent(url.pathname.split('/').slice(3).join('/'))
    const named = Buffer.from(url.searchParams.get('for')!, 'base64url').toString()
    url.href = await server.signed(`parts/${name}`, { now: Date.now() - 3600_000, audience: named })
  }),
  changed('of what is no longer granted', async (url, server) => {
    const parts = partsOf(url)
    const named = JSON.stringify([...parts.slice(0, 5), '0123456789abcdef'])
    const name = decodeURIComponent(url.pathname.split('/').slice(3).join('/'))
    url.href = await server.signed(`parts/${name}`, { now: Date.now(), audience: named })
  }),
  changed('as the owner of a vault has none for it', async (url, server) => {
    const named = JSON.stringify(['owner', 'owner', 'vault', 'd', 'secret', '0123456789abcdef'])
    const path = 'secret/_delta_log/00000000000000000000.json'
    url.href = await server.signed(path, { now: Date.now(), audience: named })
  }),
  {
    name: 'a URL that is posted to',
    async send(server) {
      const path = target(await urlOf(server, 'plain'))
      return server.ask({ method: 'POST', path, token: null, body: 'x'.repeat(1000) })
    },
    status: 405,
    lacks: /PAR1/,
  },
  {
    name: 'the URL of another recipient is a secret that opens, to whoever was told it',
    async send(server) {
      const path = target(await urlOf(server, 'plain', TOKENS.light))
      return server.ask({ path })
    },
    status: 200,
    holds: WHOLE,
  },
  ranged('of many', `bytes=${Array.from({ length: 500 }, (_, i) => `${i}-${i}`)}`, 200, WHOLE),
  ranged('of many that overlap', `bytes=${'0-,'.repeat(2000)}0-`, 200, WHOLE),
  ranged('that is reversed', 'bytes=5-2', 200, WHOLE),
  ranged('beyond the end', 'bytes=99999999-', 416, /content-range: bytes \*\/\d+/i),
  ranged('beyond 64 bits', 'bytes=0-99999999999999999999999', 206, WHOLE),
  ranged('that begins beyond 64 bits', 'bytes=99999999999999999999999-', 416, /bytes \*/),
  ranged('of nothing at the end', 'bytes=-0', 416, /bytes \*/),
  ranged('of more than all at the end', 'bytes=-99999999999999999999', 206, WHOLE),
  ranged('of two signs', 'bytes=--5', 200, WHOLE),
  ranged('of another unit', 'lines=0-5', 200, WHOLE),
  ranged('of 30,000 digits', `bytes=${'9'.repeat(15_000)}-${'9'.repeat(15_000)}`, 416, /bytes \*/),
]
