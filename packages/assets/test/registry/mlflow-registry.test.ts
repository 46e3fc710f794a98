import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mlflowRegistry } from '../../src/node.js'

interface Version {
  readonly status?: string
  readonly uri?: string
}

/** Answers as a tracking server does, page by page. */
let versions: Record<string, Version> = {}
let aliases: readonly { readonly alias: string; readonly version: string }[] = []
let fault:
  | ((method: string) => { status: number; body: string; location?: string } | undefined)
  | undefined
/** A version of which nothing is answered until `answer` is called. */
let held: { readonly version: string; answer: () => void } | undefined
const asked: { method: string; query: URLSearchParams; authorization: string | undefined }[] = []

const entry = (version: string) => ({
  name: 'churn',
  version,
  status: versions[version]!.status ?? 'READY',
  last_updated_timestamp: 1_796_000_000_000,
  description: `version ${version}`,
  source: 'models:/m-1',
  run_id: 'r-91',
})

function answer(method: string, query: URLSearchParams): unknown {
  const name = query.get('name') ?? /^name='(.*)'$/.exec(query.get('filter') ?? '')?.[1]
  if (name !== 'churn') return undefined
  if (method === 'registered-models/get') return { registered_model: { name, aliases } }
  const version = query.get('version') ?? ''
  if (method === 'model-versions/search') {
    const all = Object.keys(versions).sort()
    const start = Number(query.get('page_token') ?? 0)
    const next = start + 2 < all.length ? { next_page_token: String(start + 2) } : {}
    return { model_versions: all.slice(start, start + 2).map(entry), ...next }
  }
  if (versions[version] === undefined) return undefined
  if (method === 'model-versions/get') return { model_version: entry(version) }
  return { artifact_uri: versions[version].uri ?? `s3://ml/churn/${version}` }
}

let server: Server
let url: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    const method = pathname.replace('/base/api/2.0/mlflow/', '')
    asked.push({ method, query: searchParams, authorization: request.headers.authorization })
    const broken = fault?.(method)
    if (broken !== undefined) {
      const { status, body, location } = broken
      response.writeHead(status, location === undefined ? {} : { location }).end(body)
      return
    }
    const found = answer(method, searchParams)
    if (searchParams.get('version') === held?.version) {
      held.answer = () => response.writeHead(200).end(JSON.stringify(found))
      return
    }
    const missing = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' }
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? missing))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`
})
afterAll(() => server.close())
beforeEach(() => {
  versions = { 1: {}, 2: {}, 10: {}, 9: { status: 'PENDING_REGISTRATION' } }
  aliases = [{ alias: 'Champion', version: '2' }]
  fault = undefined
  held = undefined
  asked.length = 0
})

const registry = (more = {}) => mlflowRegistry({ url, locations: ['s3://ml'], ...more })

describe('versions of an MLflow server', () => {
  it('come in the order of their numbers, over all of its pages', async () => {
    const page = await registry().listVersions('churn', { maxResults: 10 })
    expect(page?.items).toEqual([
      { version: 1, status: 'READY', location: 's3://ml/churn/1/', comment: 'version 1' },
      {
        version: 2,
        status: 'READY',
        location: 's3://ml/churn/2/',
        comment: 'version 2',
        aliases: ['Champion'],
      },
      { version: 9, status: 'PENDING_REGISTRATION', location: '', comment: 'version 9' },
      { version: 10, status: 'READY', location: 's3://ml/churn/10/', comment: 'version 10' },
    ])
    expect(page).not.toHaveProperty('next')
  })

  it('are asked for beside one that is not answered yet, however many come after it', async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1)
    versions = Object.fromEntries(numbers.map(each => [String(each), {}]))
    held = { version: '1', answer: () => undefined }
    const one = registry()
    const first = one.version('churn', 1)
    await expect.poll(() => asked.some(({ query }) => query.get('version') === '1')).toBe(true)
    const others = await Promise.all(numbers.slice(1).map(each => one.version('churn', each)))
    expect(others.map(found => found?.version)).toEqual(numbers.slice(1))
    const { answer: answerFirst } = held
    held = undefined
    answerFirst()
    expect(await first).toMatchObject({ version: 1 })
  })

  it('are paged by number', async () => {
    const numbers: number[] = []
    let after: string | undefined
    do {
      const request = after === undefined ? { maxResults: 1 } : { maxResults: 1, after }
      const page = await registry().listVersions('churn', request)
      numbers.push(...page!.items.map(({ version }) => version))
      after = page!.next
    } while (after !== undefined)
    expect(numbers).toEqual([1, 2, 9, 10])
  })

  it('are found by number and by alias', async () => {
    expect(await registry().version('churn', 10)).toMatchObject({ location: 's3://ml/churn/10/' })
    expect(await registry().version('churn', { alias: 'champion' })).toMatchObject({ version: 2 })
    expect(await registry().version('churn', { alias: 'nobody' })).toBeUndefined()
    expect(await registry().version('churn', 7)).toBeUndefined()
    expect(await registry().version('other', 1)).toBeUndefined()
    expect(await registry().listVersions('other', { maxResults: 1 })).toBeUndefined()
  })

  it('tell where they were made only where the provider says so', async () => {
    expect(JSON.stringify(await registry().version('churn', 1))).not.toMatch(/r-91|models:/)
    expect(await registry({ provenance: true }).version('churn', 1)).toMatchObject({
      source: 'models:/m-1',
      runId: 'r-91',
    })
  })

  it('have their folders asked for once', async () => {
    const one = registry()
    await one.listVersions('churn', { maxResults: 10 })
    await one.listVersions('churn', { maxResults: 10 })
    const uris = asked.filter(({ method }) => method === 'model-versions/get-download-uri')
    expect(uris.map(({ query }) => query.get('version'))).toEqual(['1', '2', '10'])
  })

  it.each([
    's3://ml2/churn/1',
    's3://other/x',
    'file:///etc',
    '/etc/passwd',
    'mlflow-artifacts:/1/2/artifacts',
    'dbfs:/x',
    's3://ml/../other',
    's3://ml/%2e%2e/other',
    'http://169.254.169.254/x',
    's3://ml',
    's3://ml/',
    's3a://ml//',
    's3://ml/models',
    's3://ml/models//',
    's3://ml/a',
  ])('that lie elsewhere are refused by name, and hide no other: %s', async uri => {
    versions = { 1: { uri }, 2: {} }
    // A location itself, or what holds one, is all that lies below it.
    const registry = () =>
      mlflowRegistry({ url, locations: ['s3://ml', 's3://ml/models/', 's3://ml/a/b'] })
    await expect(registry().version('churn', 1)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('version 1 of the registered model churn'),
    })
    const page = await registry().listVersions('churn', { maxResults: 10 })
    expect(page?.items.map(({ version }) => version)).toEqual([2])
  })

  it('lie on this machine where the provider says so', async () => {
    versions = { 1: { uri: 'file:///srv/ml/1' }, 2: { uri: '/srv/ml/2/' } }
    const own = registry({ locations: ['file:///srv/ml/'] })
    const page = await own.listVersions('churn', { maxResults: 10 })
    expect(page?.items.map(({ location }) => location)).toEqual([
      'file:///srv/ml/1/',
      'file:///srv/ml/2/',
    ])
  })

  it.each(["a' or name like '%", 'a"b', 'a\\b'])(
    'of a name that is a filter are none: %s',
    async name => {
      versions = {}
      fault = method =>
        method === 'registered-models/get'
          ? { status: 200, body: '{"registered_model":{}}' }
          : undefined
      await expect(registry().listVersions(name, { maxResults: 1 })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    },
  )
})

describe('a tracking server', () => {
  it('is asked once by all who ask within a moment, and again after that', async () => {
    const one = registry({ freshMs: 60_000 })
    await Promise.all(Array.from({ length: 20 }, () => one.version('churn', 1)))
    await one.version('churn', 1)
    expect(asked.map(({ method }) => method).sort()).toEqual([
      ...['model-versions/get', 'model-versions/get-download-uri', 'registered-models/get'],
    ])
    const soon = registry({ freshMs: 1 })
    expect(await soon.version('churn', 1)).toMatchObject({ status: 'READY' })
    versions = { 1: { status: 'FAILED_REGISTRATION' } }
    await expect
      .poll(async () => (await soon.version('churn', 1))?.status)
      .toBe('FAILED_REGISTRATION')
  })

  it('is asked anew after a fault, and for others where one has gone', async () => {
    const one = registry({ freshMs: 60_000 })
    fault = () => ({ status: 503, body: '' })
    await expect(one.version('churn', 1)).rejects.toMatchObject({ retryable: true })
    fault = undefined
    const gone = new AbortController()
    const [left, stayed] = [one.version('churn', 1, gone.signal), one.version('churn', 1)]
    gone.abort()
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await stayed).toMatchObject({ version: 1 })
  })

  it('is sent its credentials, and nobody else is', async () => {
    await registry({ token: 'secret-token' }).version('churn', 1)
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer secret-token']),
    )
    asked.length = 0
    await registry({ username: 'me', password: 'pa:ss' }).version('churn', 1)
    expect(asked[0]!.authorization).toBe(`Basic ${Buffer.from('me:pa:ss').toString('base64')}`)
    asked.length = 0
    let turn = 0
    const turning = registry({ token: async () => `t${turn++}` })
    await turning.version('churn', 1)
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      'Bearer t0',
      'Bearer t1',
      'Bearer t2',
    ])
    fault = () => ({ status: 302, body: '', location: 'http://127.0.0.1:1/' })
    await expect(registry({ token: 'secret-token' }).version('churn', 1)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.not.stringContaining('secret'),
    })
  })

  it.each([
    [401, '{"error_code":"UNAUTHENTICATED","message":"token abc"}', false, /401 .*UNAUTHENTICATED/],
    [403, 'no', false, /403/],
    [500, '', true, /500/],
    [501, '', false, /501/],
    [429, '', true, /429/],
    [200, '<html>', false, /no JSON/],
  ])('that answers %i is told as that', async (status, body, retryable, message) => {
    fault = () => ({ status, body })
    const error = await registry()
      .version('churn', 1)
      .catch(each => each)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('abc')
  })

  it.each([
    ['no list', '{}'],
    ['null', 'null'],
    ['a list of nothing', '{"model_versions":[null]}'],
    ['a version without a number', '{"model_versions":[{"status":"READY"}]}'],
    ['a version of another status', '{"model_versions":[{"version":"1","status":"NEW"}]}'],
    ['pages without an end', '{"model_versions":[],"next_page_token":"x"}'],
  ])('that answers %s lists nothing, or is told as that', async (_, body) => {
    fault = method => (method === 'model-versions/search' ? { status: 200, body } : undefined)
    const listed = await registry()
      .listVersions('churn', { maxResults: 1 })
      .catch(error => error.code)
    expect(['STORAGE_UNAVAILABLE', { items: [] }]).toContainEqual(listed)
  })

  it.each([
    ['brackets', `{"pad":[${'[],'.repeat(200_000)}0]}`, /more than 100000 values/],
    [
      'aliases',
      `{"registered_model":{"aliases":[${'{"alias":"a","version":"1"},'.repeat(40_000)}{}]}}`,
      /more than 100000 values/,
    ],
    ['bytes', `{"pad":"${'x'.repeat(5_000_000)}"}`, /did not answer/],
  ])('that answers very many %s is not believed', async (_, body, message) => {
    fault = () => ({ status: 200, body })
    await expect(registry().version('churn', 1)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(message),
    })
  })

  it.each([
    ['nothing', () => '{}', 600],
    [
      'long descriptions',
      (i: number) => `{"version":"${i}","description":"${'x'.repeat(2_000_000)}"}`,
      30,
    ],
  ])('whose pages of %s have no end is left', async (_, version, most) => {
    let pages = 0
    fault = method => {
      if (method !== 'model-versions/search') return undefined
      const list = version(++pages)
      const model_versions = list === '{}' ? '' : list
      return {
        status: 200,
        body: `{"model_versions":[${model_versions}],"next_page_token":"${pages}"}`,
      }
    }
    await expect(registry().listVersions('churn', { maxResults: 1 })).rejects.toMatchObject({
      message: /has no end/,
    })
    expect(pages).toBeLessThan(most)
  })

  it('that is not there, or says nothing, is told as that', async () => {
    const nobody = mlflowRegistry({ url: 'http://127.0.0.1:1', locations: ['s3://ml'] })
    await expect(nobody.version('churn', 1)).rejects.toMatchObject({ retryable: true })
    const silent = createServer(() => undefined)
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const patient = mlflowRegistry({ url: at, locations: ['s3://ml'], seconds: 0.2 })
    await expect(patient.version('churn', 1)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    const gone = AbortSignal.timeout(50)
    await expect(
      mlflowRegistry({ url: at, locations: ['s3://ml'] }).version('churn', 1, gone),
    ).rejects.toMatchObject({ code: 'CANCELLED' })
    silent.closeAllConnections()
    silent.close()
  })
})
