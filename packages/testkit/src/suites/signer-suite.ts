import assert from 'node:assert/strict'
import type { UrlSigner, WritableStore } from '@spillway/core'
import { AWKWARD_NAMES, bytesOf, failureCode, type SuiteCase } from './suite.js'

export interface SignerSubject {
  readonly signer: UrlSigner
  /** Signs for the same paths with another secret. */
  readonly foreign: UrlSigner
  /** Where the signed objects are. */
  readonly store: WritableStore
  /** A folder that the signer covers, ending in '/'. */
  readonly base: string
  /** How a recipient reaches a URL. */
  readonly fetch: (request: Request) => Promise<Response>
  /** False where the service refuses HEAD on a URL that was signed for GET, as S3 does. */
  readonly answersHead: boolean
}

/** What every signer keeps, together with the service that honours its URLs. */
export const signerSuite: readonly SuiteCase<SignerSubject>[] = [
  { name: 'signs a URL for each path, in order, that gives the exact bytes', run: givesBytes },
  { name: 'signs awkward names', run: signsNames },
  { name: 'answers ranges with 206 and what lies outside with 416', run: answersRanges },
  { name: 'answers HEAD, or refuses it, but gives no body', run: answersHead },
  { name: 'never compresses', run: neverCompresses },
  { name: 'refuses tampered URLs', run: refusesTampered },
  { name: 'refuses expired URLs', run: refusesExpired },
  { name: 'refuses URLs signed with another secret', run: refusesForeign },
  { name: 'refuses other methods', run: refusesMethods },
  { name: 'states when the URLs expire', run: statesExpiry },
  { name: 'signs only what it covers', run: coversItsOwn },
  { name: 'signs nothing for nothing, and stops when cancelled', run: signsNothing },
  { name: 'has the query key by which readers know a signed URL', run: looksSigned },
]

const HOUR = { expiresInSeconds: 3600 }

async function urlOf(signer: UrlSigner, path: string): Promise<string> {
  const { urls } = await signer.sign([path], { ...HOUR, now: Date.now() })
  assert.equal(urls.length, 1)
  return urls[0]!
}

async function put(subject: SignerSubject, key: string, text = key): Promise<string> {
  const path = `${subject.base}signer/${key}`
  await subject.store.put(path, bytesOf(text))
  return path
}

async function givesBytes(subject: SignerSubject): Promise<void> {
  const paths = [await put(subject, 'b'), await put(subject, 'a'), await put(subject, 'empty', '')]
  const { urls } = await subject.signer.sign(paths, { ...HOUR, now: Date.now() })
  const answers = await Promise.all(urls.map(url => subject.fetch(new Request(url))))
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('content-length')]),
    [
      [200, '1'],
      [200, '1'],
      [200, '0'],
    ],
  )
  assert.deepEqual(await Promise.all(answers.map(answer => answer.text())), ['b', 'a', ''])
}

async function signsNames(subject: SignerSubject): Promise<void> {
  for (const name of AWKWARD_NAMES) {
    const answer = await subject.fetch(
      new Request(await urlOf(subject.signer, await put(subject, name))),
    )
    assert.deepEqual([answer.status, await answer.text()], [200, name])
  }
}

async function answersRanges(subject: SignerSubject): Promise<void> {
  const url = await urlOf(subject.signer, await put(subject, 'range', 'PAR1567890'))
  const read = async (range: string) => {
    const answer = await subject.fetch(new Request(url, { headers: { Range: range } }))
    const { headers } = answer
    const lengths = [headers.get('content-range'), headers.get('content-length')]
    return [answer.status, ...lengths, await answer.text()]
  }
  assert.deepEqual(await read('bytes=0-3'), [206, 'bytes 0-3/10', '4', 'PAR1'])
  assert.deepEqual(await read('bytes=7-'), [206, 'bytes 7-9/10', '3', '890'])
  assert.deepEqual(await read('bytes=-2'), [206, 'bytes 8-9/10', '2', '90'])
  assert.deepEqual(await read('bytes=8-99'), [206, 'bytes 8-9/10', '2', '90'])
  assert.deepEqual(await read('bytes=-99'), [206, 'bytes 0-9/10', '10', 'PAR1567890'])
  const past = await subject.fetch(new Request(url, { headers: { Range: 'bytes=10-' } }))
  assert.equal(past.status, 416)
}

async function answersHead(subject: SignerSubject): Promise<void> {
  const url = await urlOf(subject.signer, await put(subject, 'head', '12345'))
  const answer = await subject.fetch(new Request(url, { method: 'HEAD' }))
  assert.equal(await answer.text(), '')
  assert.equal(answer.status, subject.answersHead ? 200 : 403)
  if (!subject.answersHead) return
  assert.equal(answer.headers.get('content-length'), '5')
  assert.equal(answer.headers.get('accept-ranges'), 'bytes')
}

async function neverCompresses(subject: SignerSubject): Promise<void> {
  const text = 'x'.repeat(10_000)
  const url = await urlOf(subject.signer, await put(subject, 'compressible', text))
  const headers = { 'Accept-Encoding': 'gzip, br' }
  const answer = await subject.fetch(new Request(url, { headers }))
  assert.equal(answer.headers.get('content-encoding'), null)
  assert.equal((await answer.text()).length, 10_000)
}

/** Refused, and nothing of the object is in the answer. */
async function assertRefused(
  subject: SignerSubject,
  url: string,
  what: string,
  statuses: readonly number[] = [403],
): Promise<void> {
  const answer = await subject.fetch(new Request(url))
  const body = await answer.text()
  const found = `${what}: ${answer.status} ${body.slice(0, 200)}`
  assert.ok(statuses.includes(answer.status), found)
  assert.ok(!body.includes('SECRET ROWS'), what)
}

async function refusesTampered(subject: SignerSubject): Promise<void> {
  const url = await urlOf(subject.signer, await put(subject, 'mine.parquet', 'SECRET ROWS'))
  await put(subject, 'hers.parquet', 'SECRET ROWS')
  const last = url.at(-1) === '0' ? '1' : '0'
  await assertRefused(subject, url.slice(0, -1) + last, 'another last digit')
  await assertRefused(subject, url.slice(0, -1), 'a shorter signature')
  await assertRefused(subject, `${url}00`, 'a longer signature')
  await assertRefused(subject, url.replace('mine', 'hers'), 'another object')
  await assertRefused(subject, url.replace('mine', 'x/../hers'), 'another object by dots')
  await assertRefused(subject, url.replace(/\?.*/, ''), 'no query')
  // S3 calls this one malformed.
  const unsigned = url.replace(/&?X-Amz-Signature=[^&]*/, '')
  await assertRefused(subject, unsigned, 'no signature', [400, 403])
  for (const [whole, name, value] of url.matchAll(/[?&]([^=&]*[Ee]xpires)=(\d+)/g)) {
    const later = whole.replace(`${name}=${value}`, `${name}=${Number(value) + 60}`)
    await assertRefused(subject, url.replace(whole, later), 'a later end')
  }
}

async function refusesExpired(subject: SignerSubject): Promise<void> {
  const path = await put(subject, 'old.parquet', 'SECRET ROWS')
  const now = Date.now() - 120_000
  const { urls } = await subject.signer.sign([path], { expiresInSeconds: 60, now })
  await assertRefused(subject, urls[0]!, 'expired a minute ago')
}

async function refusesForeign(subject: SignerSubject): Promise<void> {
  const path = await put(subject, 'foreign.parquet', 'SECRET ROWS')
  await assertRefused(subject, await urlOf(subject.foreign, path), 'another secret')
}

async function refusesMethods(subject: SignerSubject): Promise<void> {
  const path = await put(subject, 'kept.parquet', 'kept')
  const url = await urlOf(subject.signer, path)
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const body = method === 'DELETE' ? {} : { body: 'overwritten' }
    const answer = await subject.fetch(new Request(url, { method, ...body }))
    await answer.arrayBuffer()
    assert.ok(answer.status >= 400 && answer.status < 500, `${method}: ${answer.status}`)
  }
  assert.equal((await subject.store.head(path))?.size, 4)
}

async function statesExpiry(subject: SignerSubject): Promise<void> {
  const path = await put(subject, 'expiry')
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const { expiresAt } = await subject.signer.sign([path], { ...HOUR, now })
  // Never later than the service honours the URL, which counts in seconds.
  assert.equal(expiresAt, Date.UTC(2026, 0, 2, 4, 4, 5))
}

async function coversItsOwn(subject: SignerSubject): Promise<void> {
  const { signer, base } = subject
  assert.equal(signer.covers(`${base}x`), true)
  assert.equal(signer.covers('memory://other/x'), false)
  const sign = (path: string) => () => signer.sign([path], { ...HOUR, now: Date.now() })
  assert.notEqual(await failureCode(sign('memory://other/x')), 'none')
  assert.notEqual(await failureCode(sign(`${base}a/../../../../etc/passwd`)), 'none')
}

async function signsNothing(subject: SignerSubject): Promise<void> {
  const { urls } = await subject.signer.sign([], { ...HOUR, now: Date.now() })
  assert.deepEqual(urls, [])
  const options = { ...HOUR, now: Date.now(), signal: AbortSignal.abort() }
  const path = `${subject.base}signer/x`
  assert.equal(await failureCode(() => subject.signer.sign([path], options)), 'CANCELLED')
}

/** delta-kernel fetches an http path as it stands only when its query has one of a few keys. */
async function looksSigned(subject: SignerSubject): Promise<void> {
  const url = new URL(await urlOf(subject.signer, `${subject.base}signer/x`))
  assert.ok(url.searchParams.has('X-Amz-Signature'))
}
