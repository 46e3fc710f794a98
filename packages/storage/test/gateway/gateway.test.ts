import { mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localGateway } from '../../src/gateway/gateway.js'
import { failed } from '../../src/gateway/gateway-response.js'
import { parseRange } from '../../src/gateway/http-range.js'

const BASE = 'https://share.example/files'
const SECRET = 'a secret of the tests'

let folder: string
let root: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-gateway-'))
  root = join(folder, 'root')
  await mkdir(join(root, 'inner/deep'), { recursive: true })
  await writeFile(join(folder, 'outside.parquet'), 'SECRET ROWS')
  await mkdir(join(folder, 'root-sibling'))
  await writeFile(join(folder, 'root-sibling/x'), 'SECRET ROWS')
  await writeFile(join(root, 'a.parquet'), 'PAR1-rows-PAR1')
  await symlink(join(folder, 'outside.parquet'), join(root, 'link-out'))
  await symlink(folder, join(root, 'folder-out'))
  await symlink(join(root, 'a.parquet'), join(root, 'link-in'))
})

afterAll(() => rm(folder, { recursive: true }))

const gateway = (options: { clock?: () => number; roots?: string[]; secret?: string } = {}) =>
  localGateway({ roots: [root], secret: SECRET, baseUrl: BASE, ...options })

async function urlOf(path: string, options: Parameters<typeof gateway>[0] = {}): Promise<string> {
  const now = Date.now()
  const { urls } = await gateway(options).signer.sign([path], { expiresInSeconds: 600, now })
  return urls[0]!
}

async function get(url: string, init: RequestInit = {}): Promise<[number, string]> {
  const answer = await gateway().handle(new Request(url, init))
  if (answer.status < 400) return [answer.status, await answer.text()]
  // Some clients take whatever an answer holds for the file.
  expect(await answer.text()).toBe('')
  expect(answer.headers.get('content-length')).toBe('0')
  return [answer.status, answer.headers.get('spillway-error') ?? '']
}

/** Its body is left where it is. */
async function statusOf(answer: Response): Promise<number> {
  await answer.body?.cancel()
  return answer.status
}

describe('what is outside', () => {
  it.each([
    ['another folder', () => join(folder, 'outside.parquet')],
    ['a folder whose name begins alike', () => join(folder, 'root-sibling/x')],
    ['dots', () => `${root}/../outside.parquet`],
    ['dots in a URI', () => `file://${root}/inner/../../outside.parquet`],
    ['the root itself', () => root],
    ['a NUL', () => `${root}/a\0b`],
    ['another scheme', () => 's3://bucket/key'],
    ['no path', () => 'a.parquet'],
  ])('is not covered or signed: %s', async (_, path) => {
    expect(gateway().signer.covers(path())).toBe(false)
    await expect(urlOf(path())).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it.each([['link-out'], ['folder-out/outside.parquet'], ['folder-out/root-sibling/x']])(
    'is not served through the link %s, even signed',
    async name => {
      const [status, body] = await get(await urlOf(`${root}/${name}`))
      expect([status, body.split(';')[0]]).toEqual([403, 'PERMISSION_DENIED'])
      expect(body).not.toContain('SECRET')
    },
  )

  it('is told from a link that stays inside', async () => {
    expect(await get(await urlOf(`${root}/link-in`))).toEqual([200, 'PAR1-rows-PAR1'])
  })

  // Each keeps a valid signature of another file, as somebody who tries would.
  it.each([
    ['..%2Foutside.parquet'],
    ['%2e%2e/outside.parquet'],
    ['../outside.parquet'],
    ['..%5Coutside.parquet'],
    ['inner/..%2F..%2Foutside.parquet'],
    ['%00'],
    ['a.parquet%00'],
    ['%2Fetc%2Fpasswd'],
    ['/etc/passwd'],
    ['%'],
    ['%c0%ae%c0%ae/outside.parquet'],
    ['a.parquet/'],
    ['a.parquet/..'],
    ['.'],
    [''],
  ])('is refused from the URL alone: %s', async name => {
    const url = await urlOf(`${root}/a.parquet`)
    const [status, body] = await get(url.replace('a.parquet', name))
    expect(status).toBe(403)
    expect(body).not.toMatch(/SECRET|root:/)
  })

  it('is what another root’s URL names, unless it is a root here too', async () => {
    const inner = join(root, 'inner')
    await writeFile(join(inner, 'x'), 'inner')
    const foreign = await urlOf(`${inner}/x`, { roots: [inner] })
    expect((await get(foreign))[0]).toBe(403)
    const both = gateway({ roots: [root, inner] })
    expect(await statusOf(await both.handle(new Request(foreign)))).toBe(200)
  })
})

describe('a URL for files of some folders', () => {
  const signed = async (path: string, within: readonly string[], roots = [root]) => {
    const options = {
      expiresInSeconds: 600,
      now: Date.now(),
      within: within.map(each => `${each}/`),
    }
    const own = gateway({ roots })
    const [url] = (await own.signer.sign([path], options)).urls
    const answer = await own.handle(new Request(url!))
    return { url: new URL(url!), status: answer.status, text: await answer.text() }
  }
  let a: string
  let ab: string

  beforeAll(async () => {
    a = join(root, 'lake/a')
    ab = join(root, 'lake/ab')
    for (const each of [a, ab]) await mkdir(each, { recursive: true })
    await writeFile(join(a, 'x'), 'OWN ROWS')
    await writeFile(join(ab, 'x'), 'ROWS OF ANOTHER TABLE')
    await symlink(join(ab, 'x'), join(a, 'link'))
    await symlink(ab, join(a, 'folder'))
    await symlink(join(a, 'x'), join(a, 'own'))
    await symlink(a, join(root, 'lake/alias'))
  })

  it.each(['link', 'folder/x'])('follows no link out of them: %s', async name => {
    expect(await signed(join(a, name), [a])).toMatchObject({ status: 403 })
    // The whole root, where nothing is said.
    expect(await get(await urlOf(join(a, name)))).toEqual([200, 'ROWS OF ANOTHER TABLE'])
  })

  it('cannot be made to follow more', async () => {
    const { url } = await signed(join(a, 'link'), [a])
    expect(url.searchParams.get('in')).toBe('2')
    for (const fence of ['0', '1', '', undefined]) {
      const other = new URL(url)
      if (fence === undefined) other.searchParams.delete('in')
      else other.searchParams.set('in', fence)
      expect((await get(other.href))[0]).toBe(403)
    }
  })

  it('serves what lies in them, through links too', async () => {
    for (const name of ['x', 'own']) {
      expect(await signed(join(a, name), [a])).toMatchObject({ status: 200, text: 'OWN ROWS' })
    }
    const alias = join(root, 'lake/alias')
    expect(await signed(join(alias, 'x'), [alias])).toMatchObject({ status: 200, text: 'OWN ROWS' })
  })

  it('leads from one to another that is a root, without naming it', async () => {
    const found = await signed(join(a, 'link'), [a, ab], [a, ab])
    expect(found).toMatchObject({ status: 200, text: 'ROWS OF ANOTHER TABLE' })
    expect(found.url.href).not.toContain('lake')
    expect(await signed(join(a, 'link'), [a], [a, ab])).toMatchObject({ status: 403 })
  })
})

describe('a URL', () => {
  it('does not name the root', async () => {
    expect(await urlOf(`${root}/inner/x`)).not.toContain(folder)
  })

  it('is honoured until it expires, and from then on not', async () => {
    const { urls, expiresAt } = await gateway().signer.sign([`${root}/a.parquet`], {
      expiresInSeconds: 60,
      now: 1_700_000_000_999,
    })
    expect(expiresAt).toBe(1_700_000_060_000)
    const at = async (now: number) =>
      statusOf(await gateway({ clock: () => now }).handle(new Request(urls[0]!)))
    expect([await at(expiresAt - 1), await at(expiresAt)]).toEqual([200, 403])
  })

  it('is honoured wherever it is mounted', async () => {
    const { pathname, search } = new URL(await urlOf(`${root}/a.parquet`))
    const stripped = `http://localhost:8080${pathname.replace('/files', '')}${search}`
    const nested = `http://localhost:8080/a/b${pathname}${search}`
    expect([(await get(stripped))[0], (await get(nested))[0]]).toEqual([200, 200])
  })

  it('is honoured after a restart with the same secret', async () => {
    const url = await urlOf(`${root}/a.parquet`)
    expect(await statusOf(await gateway().handle(new Request(url)))).toBe(200)
  })

  it.each([
    ['a second signature', (url: string) => `${url}&X-Amz-Signature=${'0'.repeat(64)}`],
    ['a second end', (url: string) => `${url}&expires=9999999999`],
    ['an endless end', (url: string) => url.replace(/expires=\d+/, 'expires=Infinity')],
    ['an end with more after it', (url: string) => url.replace(/(expires=\d+)/, '$1%0Ax')],
    [
      'another case of the signature',
      (url: string) => url.replace(/[a-f0-9]+$/, s => s.toUpperCase()),
    ],
    ['another root', (url: string) => url.replace(/files\/[0-9a-f]/, 'files/g')],
  ])('is refused with %s', async (_, change) => {
    const url = await urlOf(`${root}/a.parquet`)
    const [status, body] = await get(change(url))
    expect([status, body.split(';')[0]]).toEqual([403, 'PERMISSION_DENIED'])
  })

  it('of a file that has gone answers 404, of a folder too', async () => {
    expect((await get(await urlOf(`${root}/gone`)))[0]).toBe(404)
    expect((await get(await urlOf(`${root}/inner`)))[0]).toBe(404)
    expect((await get(await urlOf(`${root}/a.parquet/below`)))[0]).toBe(404)
  })

  it('of links that lead to each other answers 404: no asking again finds a file', async () => {
    await symlink(join(root, 'loop-b'), join(root, 'loop-a'))
    await symlink(join(root, 'loop-a'), join(root, 'loop-b'))
    const [status, error] = await get(await urlOf(`${root}/loop-a`))
    expect([status, error.split(';')[0]]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST'])
  })

  it('tells the provider of links that lead to each other as an error of storage, no bug', async () => {
    await symlink(join(root, 'round-b'), join(root, 'round-a'))
    await symlink(join(root, 'round-a'), join(root, 'round-b'))
    const told: unknown[] = []
    const request = new Request(await urlOf(`${root}/round-a`))
    await gateway().handle(request, { onError: error => told.push(error) })
    expect(told).toEqual([expect.objectContaining({ code: 'STORAGE_UNAVAILABLE' })])
  })

  it.each([
    ['EACCES', 403],
    ['EPERM', 403],
    ['EMFILE', 503],
    ['EIO', 503],
  ])(
    'of a file that cannot be opened for %s answers %i, and asks for patience where it helps',
    async (code, status) => {
      const denied = Object.assign(new Error(code), { code })
      const answer = failed(denied)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('retry-after') !== null).toBe(status === 503)
      expect(await answer.text()).toBe('')
    },
  )

  it('made of anything else is refused, whatever it is', async () => {
    const signed = new URL(await urlOf(`${root}/a.parquet`))
    const piece = fc.oneof(
      fc.constantFrom('..', '%2e%2e', '%2F', '%00', '/', 'a.parquet', 'files', '?', '&', '='),
      fc.constantFrom('expires=9999999999', 'X-Amz-Signature=', ...signed.href.split(/(?=[/?&])/)),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.webUrl({ withQueryParameters: true }),
    )
    const rests = fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join(''))
    await fc.assert(
      fc.asyncProperty(rests, async rest => {
        const url = `${signed.origin}/${rest}`
        fc.pre(URL.canParse(url) && new URL(url).href !== signed.href)
        const [status, body] = await get(new URL(url).href)
        return status === 403 && body.startsWith('PERMISSION_DENIED;')
      }),
      { numRuns: quickOr(200, 1000), seed: 20261122 },
    )
  })

  it('tells what it was signed for, and a view is no audience', async () => {
    const now = Date.now()
    const options = { expiresInSeconds: 600, now, audience: 'acme' }
    const { urls } = await gateway().signer.sign([`${root}/a.parquet`], options)
    const asked: (string | undefined)[] = []
    const isCurrent = (audience: string | undefined) => {
      asked.push(audience)
      return audience === 'acme'
    }
    const ask = async (url: string) =>
      statusOf(await gateway().handle(new Request(url), { isCurrent }))
    expect(await ask(urls[0]!)).toBe(200)
    expect(await ask(await urlOf(`${root}/a.parquet`))).toBe(403)
    expect(asked).toEqual(['acme', undefined])
    const swapped = new URL(urls[0]!)
    const audience = swapped.searchParams.get('for')!
    swapped.searchParams.delete('for')
    for (const view of [` for ${audience}`, `x for ${audience}`, audience]) {
      swapped.searchParams.set('view', view)
      expect(await ask(swapped.href)).toBe(403)
    }
    expect(asked).toHaveLength(2)
  })

  it('is honoured under an older secret, and signed under the first', async () => {
    const now = Date.now()
    const signed = async (...secret: string[]) => {
      const { signer } = localGateway({ roots: [root], secret, baseUrl: BASE })
      const { urls } = await signer.sign([`${root}/a.parquet`], { expiresInSeconds: 600, now })
      return urls[0]!
    }
    const status = async (url: string, ...secret: string[]) => {
      const one = localGateway({ roots: [root], secret, baseUrl: BASE })
      return statusOf(await one.handle(new Request(url)))
    }
    const next = 'another secret of the tests'
    expect(await status(await signed(SECRET), next, SECRET)).toBe(200)
    expect(await status(await signed(next, SECRET), next)).toBe(200)
    expect(await status(await signed(SECRET), next)).toBe(403)
  })

  it('says which methods it answers', async () => {
    const url = await urlOf(`${root}/a.parquet`)
    const answer = await gateway().handle(new Request(url, { method: 'POST' }))
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each(['files', '/files', 'ftp://x/files', 'https://x/files?a=b'])(
    'is not made below %s',
    baseUrl => {
      const make = () => localGateway({ roots: [root], secret: SECRET, baseUrl })
      expect(make).toThrowError('an http(s) URL')
    },
  )

  it('needs a secret worth the name', () => {
    expect(() => gateway({ secret: 'short' })).toThrowError('at least 16 bytes')
  })
})

describe('conditions', () => {
  it('answers a range of the version that If-Range names, else the whole file', async () => {
    const url = await urlOf(`${root}/a.parquet`)
    const head = await gateway().handle(new Request(url, { method: 'HEAD' }))
    const etag = head.headers.get('etag') ?? ''
    const modified = head.headers.get('last-modified') ?? ''
    const read = (ifRange: string) =>
      get(url, { headers: { Range: 'bytes=0-3', 'If-Range': ifRange } })
    expect(await read(etag)).toEqual([206, 'PAR1'])
    // A file may change twice within a second.
    expect(await read(modified)).toEqual([200, 'PAR1-rows-PAR1'])
    expect(await read('"another"')).toEqual([200, 'PAR1-rows-PAR1'])
    expect(await read(`W/${etag}`)).toEqual([200, 'PAR1-rows-PAR1'])
  })

  it('answers 304 to who has the file', async () => {
    const url = await urlOf(`${root}/a.parquet`)
    const head = await gateway().handle(new Request(url, { method: 'HEAD' }))
    const headers = { 'If-None-Match': `"x", ${head.headers.get('etag')}` }
    expect(await get(url, { headers })).toEqual([304, ''])
  })

  it.each([
    ['If-Match of another', { 'If-Match': '"old"' }, 412],
    ['If-Match of a range', { 'If-Match': '"old"', Range: 'bytes=0-3' }, 412],
    ['If-Match of no tag', { 'If-Match': 'unquoted' }, 412],
    ['If-Match weakly', { 'If-Match': 'W/ETAG' }, 412],
    ['If-Match', { 'If-Match': 'ETAG' }, 200],
    ['If-Match of several', { 'If-Match': '"a,b", ETAG', Range: 'bytes=0-3' }, 206],
    ['If-Match of any', { 'If-Match': '*' }, 200],
    ['If-Match before a date', { 'If-Match': 'ETAG', 'If-Unmodified-Since': 'EARLIER' }, 200],
    ['If-Match before a tag', { 'If-Match': '"old"', 'If-None-Match': 'ETAG' }, 412],
    ['If-Unmodified-Since', { 'If-Unmodified-Since': 'EARLIER' }, 412],
    ['If-Unmodified-Since, as asctime', { 'If-Unmodified-Since': 'Sun Nov  6 08:49:37 1994' }, 412],
    [
      'If-Unmodified-Since, with days',
      { 'If-Unmodified-Since': 'Sunday, 06-Nov-94 08:49:37 GMT' },
      412,
    ],
    ['If-Unmodified-Since of its time', { 'If-Unmodified-Since': 'MODIFIED' }, 200],
    ['If-Unmodified-Since of no date', { 'If-Unmodified-Since': '1994-11-06' }, 200],
    ['If-None-Match of several', { 'If-None-Match': '"x", W/ETAG' }, 304],
    ['If-None-Match of any', { 'If-None-Match': '*' }, 304],
    ['If-None-Match of another', { 'If-None-Match': '"x"', 'If-Modified-Since': 'MODIFIED' }, 200],
    ['If-Modified-Since', { 'If-Modified-Since': 'MODIFIED' }, 304],
    ['If-Modified-Since of a range', { 'If-Modified-Since': 'MODIFIED', Range: 'bytes=0-3' }, 304],
    ['If-Modified-Since of before', { 'If-Modified-Since': 'EARLIER' }, 200],
  ])('are kept to in their order: %s', async (_, headers, status) => {
    const url = await urlOf(`${root}/a.parquet`)
    const head = await gateway().handle(new Request(url, { method: 'HEAD' }))
    const [etag, modified] = [head.headers.get('etag')!, head.headers.get('last-modified')!]
    const earlier = new Date(Date.parse(modified) - 1000).toUTCString()
    const said = Object.entries(headers).map(([name, value]): [string, string] => [
      name,
      value.replace('ETAG', etag).replace('MODIFIED', modified).replace('EARLIER', earlier),
    ])
    for (const method of ['GET', 'HEAD']) {
      const answer = await gateway().handle(new Request(url, { method, headers: said }))
      const expected = method === 'HEAD' && status === 206 ? 200 : status
      const found = [method, await statusOf(answer), answer.headers.get('etag')]
      expect(found).toEqual([method, expected, etag])
    }
  })

  it('answers HEAD with the whole length whatever the range', async () => {
    const url = await urlOf(`${root}/a.parquet`)
    const init = { method: 'HEAD', headers: { Range: 'bytes=0-3' } }
    const answer = await gateway().handle(new Request(url, init))
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '14'])
  })
})

describe('a body', () => {
  it('is read as it is taken, and let go of when it is not', async () => {
    const large = join(root, 'large')
    await writeFile(large, '')
    await truncate(large, 1 << 30)
    const before = process.memoryUsage().rss
    const answer = await gateway().handle(new Request(await urlOf(large)))
    const reader = answer.body!.getReader()
    const { value } = await reader.read()
    expect(value?.length).toBe(256 * 1024)
    await reader.cancel()
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20)
  })

  it.each([
    ['whole', undefined],
    ['a range', 'bytes=10-900000'],
  ])('breaks off when the file is written in place, %s', async (_, range) => {
    const path = join(root, 'written')
    await writeFile(path, Buffer.alloc(1 << 20, 'A'))
    const headers = range === undefined ? undefined : { range }
    const request = new Request(await urlOf(path), headers && { headers })
    const answer = await gateway().handle(request)
    const file = await open(path, 'r+')
    // Of the same length, and no other file.
    await file.write(Buffer.alloc(1 << 20, 'B'), 0, 1 << 20, 0)
    await file.close()
    await expect(answer.arrayBuffer()).rejects.toThrowError('changed while it was read')
  })

  it('breaks off when the file becomes shorter, and never looks whole', async () => {
    const path = join(root, 'shrinking')
    await writeFile(path, new Uint8Array(1 << 20))
    const answer = await gateway().handle(new Request(await urlOf(path)))
    await truncate(path, 1000)
    await expect(answer.arrayBuffer()).rejects.toThrowError('shorter')
  })
})

describe('parseRange', () => {
  it.each([
    [null, { kind: 'whole' }],
    ['bytes=0-0', { kind: 'part', start: 0, end: 1 }],
    ['BYTES=2-', { kind: 'part', start: 2, end: 10 }],
    ['bytes=9-9', { kind: 'part', start: 9, end: 10 }],
    ['bytes=-1', { kind: 'part', start: 9, end: 10 }],
    ['bytes=-100', { kind: 'part', start: 0, end: 10 }],
    ['bytes=10-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=99999999999999999999-', { kind: 'unsatisfiable' }],
    ['bytes=0-99999999999999999999', { kind: 'part', start: 0, end: 10 }],
    ['bytes=5-4', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['rows=0-1', { kind: 'whole' }],
    ['bytes=-1-2', { kind: 'whole' }],
  ])('takes %s of 10 bytes as %o', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected)
  })

  it.each(['bytes=0-', 'bytes=-1', 'bytes=0-0'])('finds no byte of an empty file in %s', header => {
    expect(parseRange(header, 0)).toEqual({ kind: 'unsatisfiable' })
  })
})

describe('a file under another footer', () => {
  const DATA = 'PAR1-the pages-'
  const OWN = 'own footer'
  /** Any footer does: what is put in its place is said by the edits alone. */
  const viewFooter = (footer: Uint8Array, edits: readonly (readonly [number, string | null])[]) =>
    Buffer.from(`${Buffer.from(footer).toString()} ${JSON.stringify(edits)}`)
  const viewing = () => localGateway({ roots: [root], secret: SECRET, baseUrl: BASE, viewFooter })

  const trailer = (length: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32LE(length)
    bytes.write('PAR1', 4)
    return bytes.toString('latin1')
  }
  const whole = (footer: string) => `${DATA}${footer}${trailer(footer.length)}`

  beforeAll(async () => {
    await writeFile(join(root, 'viewed.parquet'), Buffer.from(whole(OWN), 'latin1'))
    await writeFile(join(root, 'no footer'), 'no footer at all')
  })

  async function viewUrl(name: string, edits: readonly (readonly [number, string | null])[]) {
    const { urls } = await viewing().signer.signViews!([{ path: join(root, name), edits }], {
      expiresInSeconds: 600,
      now: Date.now(),
    })
    return urls[0]!
  }
  const ask = async (url: string, init: RequestInit = {}) => {
    const answer = await viewing().handle(new Request(url, init))
    return { answer, text: Buffer.from(await answer.arrayBuffer()).toString('latin1') }
  }

  it('comes whole, in every range, and with its own length and ETag', async () => {
    const expected = whole(`${OWN} [[1,"a"]]`)
    const url = await viewUrl('viewed.parquet', [[1, 'a']])
    expect((await ask(url)).text).toBe(expected)
    const head = await ask(url, { method: 'HEAD' })
    expect(head.answer.headers.get('content-length')).toBe(String(expected.length))
    const plain = await viewing().signer.sign([join(root, 'viewed.parquet')], {
      expiresInSeconds: 600,
      now: Date.now(),
    })
    const own = await ask(plain.urls[0]!)
    expect(own.text).toBe(whole(OWN))
    expect(head.answer.headers.get('etag')).not.toBe(own.answer.headers.get('etag'))
    for (let start = 0; start < expected.length; start += 3) {
      for (let end = start; end < expected.length; end += 5) {
        const { answer, text } = await ask(url, { headers: { Range: `bytes=${start}-${end}` } })
        expect([answer.status, text]).toEqual([206, expected.slice(start, end + 1)])
      }
    }
    expect((await ask(url, { headers: { Range: 'bytes=-8' } })).text).toBe(expected.slice(-8))
  })

  it('is made once for all its ranges, anew for another file, and again where that failed', async () => {
    let made = 0
    let fails = true
    const counting = localGateway({
      roots: [root],
      secret: SECRET,
      baseUrl: BASE,
      viewFooter: async (footer, edits) => {
        made++
        await new Promise(done => setImmediate(done))
        if (fails) throw new Error('not now')
        return viewFooter(footer, edits)
      },
    })
    const path = join(root, 'changing.parquet')
    await writeFile(path, Buffer.from(whole(OWN), 'latin1'))
    const url = await viewUrl('changing.parquet', [[1, 'a']])
    const get = async (range: string) => {
      const answer = await counting.handle(new Request(url, { headers: { Range: range } }))
      return Buffer.from(await answer.arrayBuffer()).toString('latin1')
    }
    await get('bytes=0-3')
    fails = false
    const expected = whole(`${OWN} [[1,"a"]]`)
    const parts = await Promise.all([get('bytes=0-9'), get('bytes=10-'), get('bytes=-8')])
    expect(parts).toEqual([expected.slice(0, 10), expected.slice(10), expected.slice(-8)])
    expect(made).toBe(2)
    await writeFile(path, Buffer.from(whole('another'), 'latin1'))
    const changed = whole('another [[1,"a"]]')
    expect(await get(`bytes=0-${changed.length}`)).toBe(changed)
    expect(made).toBe(3)
  })

  it('has only the edits that were signed', async () => {
    const url = await viewUrl('viewed.parquet', [[1, 'a']])
    const other = new URL(await viewUrl('viewed.parquet', [[2, 'b']])).searchParams.get('view')!
    const changes: readonly ((copy: URL) => void)[] = [
      copy => copy.searchParams.set('view', other),
      copy => copy.searchParams.delete('view'),
      copy => copy.searchParams.append('view', other),
      copy => copy.searchParams.set('view', ''),
    ]
    for (const change of changes) {
      const copy = new URL(url)
      change(copy)
      expect((await ask(copy.href)).answer.status).toBe(403)
    }
    const plain = new URL(await urlOf(join(root, 'viewed.parquet')))
    plain.searchParams.set('view', other)
    expect((await ask(plain.href)).answer.status).toBe(403)
  })

  it('is an error where the file has no footer', async () => {
    expect((await ask(await viewUrl('no footer', []))).answer.status).toBe(400)
  })
})
