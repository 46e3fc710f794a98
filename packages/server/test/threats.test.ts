import { readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure, linesOf, type Running, startServer, TOKEN, tablePath } from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** The server answers, and answers rightly, after whatever came before. */
async function expectStillUp(): Promise<void> {
  expect(await linesOf(await server.query('simple'))).toHaveLength(4)
}

async function someUrl(): Promise<string> {
  const lines = await linesOf(await server.query('simple'))
  return String(lines[2]?.file?.url)
}

describe('URLs', () => {
  it('a tampered one gives nothing', async () => {
    const url = new URL(await someUrl())
    const changes: readonly ((copy: URL) => void)[] = [
      copy => copy.searchParams.set('expires', '99999999999'),
      copy => copy.searchParams.set('X-Amz-Signature', '0'.repeat(64)),
      copy => copy.searchParams.delete('X-Amz-Signature'),
      copy => {
        copy.pathname = copy.pathname.replace('simple', 'partitioned')
      },
      copy => {
        copy.pathname = copy.pathname.replace(/simple.*/, '..%2f..%2fetc%2fpasswd')
      },
    ]
    for (const change of changes) {
      const copy = new URL(url)
      change(copy)
      expect((await fetch(copy)).status).toBeGreaterThanOrEqual(400)
    }
    await expectStillUp()
  })

  it('an expired one gives nothing', async () => {
    const url = await someUrl()
    server.time.now += 2 * 3600_000
    expect((await fetch(url)).status).toBe(403)
    server.time.now = Date.now()
  })

  it('one signed by another server gives nothing', async () => {
    const other = await startServer()
    const foreign = await linesOf(await other.query('simple'))
    const { pathname, search } = new URL(String(foreign[2]?.file?.url))
    expect((await fetch(`${server.origin}${pathname}${search}`)).status).toBeGreaterThanOrEqual(400)
    await other.close()
  })
})

describe('tables', () => {
  it('a file outside the table is not handed out, and its path not told', async () => {
    const answer = await failure(await server.query('outside'))
    expect(answer).toMatchObject({ status: 400, errorCode: 'UNSUPPORTED_FEATURE' })
    expect(answer.message).toContain('auxiliaryLocations: [')
    expect(answer.message).not.toContain('passwd')
    expect(server.log.at(-1)?.error).toMatchObject({ context: { path: 'file:///etc/passwd' } })
    await expectStillUp()
  })

  it('a torn log is not served as the table it was', async () => {
    const own = await startServer()
    const log = join(own.lake.root, 'simple/_delta_log')
    unlinkSync(join(log, '00000000000000000001.json'))
    expect((await own.query('simple')).status).toBe(400)
    expect((await own.query('partitioned')).status).toBe(200)
    await own.close()
  })

  it('a log that ends within a line is not served', async () => {
    const own = await startServer()
    const path = join(own.lake.root, 'simple/_delta_log/00000000000000000002.json')
    writeFileSync(path, '{"add":{"path":"b.parquet","partitionValues":{},"si')
    expect((await own.query('simple')).status).toBe(400)
    await own.close()
  })

  it('the errors of a broken table say what is wrong, and not where it lies', async () => {
    const own = await startServer()
    for (const name of readdirSync(join(own.lake.root, 'simple/_delta_log'))) {
      writeFileSync(join(own.lake.root, 'simple/_delta_log', name), 'not json\n')
    }
    const response = await own.query('simple')
    const id = response.headers.get('x-request-id')
    const answer = await failure(response)
    expect(answer.message).toMatch(/is not JSON/)
    expect(answer.message).not.toContain(own.lake.root)
    expect(own.log.at(-1)).toMatchObject({ requestId: id, status: 400, outcome: 'failed' })
    await own.close()
  })
})

describe('requests of absurd size', () => {
  it('a body of 10 MB is refused', async () => {
    const body = JSON.stringify({ predicateHints: ['x'.repeat(10 * 1024 ** 2)] })
    const answer = await failure(await server.query('simple', body))
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(/larger than/) })
    await expectStillUp()
  })

  it('a body of 10 MB without a length is refused as it comes', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const post = httpRequest(
        `${server.origin}/delta-sharing${tablePath('simple')}/query`,
        { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } },
        response => resolve(response.statusCode),
      )
      post.on('error', reject)
      const chunk = Buffer.alloc(1024 ** 2, ' ')
      let left = 10
      const send = () => {
        if (left-- === 0) post.end()
        else post.write(chunk, () => setImmediate(send))
      }
      send()
    })
    expect(status).toBe(400)
    await expectStillUp()
  })

  it.each([
    ['in parentheses', `${'('.repeat(10_000)}id = 1${')'.repeat(10_000)}`],
    ['in negations', `${'NOT '.repeat(10_000)}id = 1`],
  ])('a predicate nested 10,000 deep %s drops no match', async (_, hint) => {
    const text = await (await server.query('simple', { predicateHints: [hint] })).text()
    expect(text).toContain('a.parquet')
    await expectStillUp()
  })

  it('jsonPredicateHints nested 10,001 deep drop no match', async () => {
    const leaf = '{"op":"isNull","children":[{"op":"column","name":"id","valueType":"long"}]}'
    const hint = `${'{"op":"not","children":['.repeat(10_001)}${leaf}${']}'.repeat(10_001)}`
    expect(await linesOf(await server.query('simple', { jsonPredicateHints: hint }))).toHaveLength(
      4,
    )
  })

  it('a body nested 10,000 deep is refused', async () => {
    const body = `{"predicateHints":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    expect((await failure(await server.query('simple', body))).status).toBe(400)
  })

  it.each([
    ['a long URL', `/shares?pageToken=${'x'.repeat(15_000)}`],
    ['a long name', `/shares/${'x'.repeat(300)}`],
    ['a name that is not UTF-8', '/shares/%ff%fe'],
  ])('%s is a 400', async (_, path) => {
    expect((await failure(await server.ask(path))).status).toBe(400)
  })

  it('a long capabilities header is a 400', async () => {
    const headers = { 'delta-sharing-capabilities': `readerfeatures=${'x,'.repeat(5000)}` }
    expect((await server.query('simple', {}, headers)).status).toBe(400)
  })
})

describe('names', () => {
  it.each([
    '%0d%0aset-cookie:%20a=b',
    '%00',
    '..%2f..%2fetc',
    '%2e%2e',
    '__proto__',
    'constructor',
    '%F0%9F%98%80',
  ])('the share %s is a 404 that carries nothing over', async name => {
    const response = await server.ask(`/shares/${name}`)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect((await failure(response)).status).toBe(404)
    for (const table of [`/shares/Lake/schemas/${name}/tables`, tablePath(name)]) {
      expect((await server.ask(table)).status).toBe(404)
    }
  })

  it('a request id is taken over only where it is one', async () => {
    const kept = await server.ask('/shares', { headers: { 'x-request-id': 'proxy-17' } })
    expect(kept.headers.get('x-request-id')).toBe('proxy-17')
    const replaced = await server.ask('/shares', { headers: { 'x-request-id': 'a b"c' } })
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('the access log', () => {
  it('says who asked what of which table and what came of it, without secrets', async () => {
    server.log.length = 0
    const hints = { predicateHints: ["day = '2026-01-02'"], maxFiles: 1 }
    const response = await server.query('partitioned', hints)
    const bytes = (await response.text()).length
    await expect.poll(() => server.log.length, { timeout: 10_000 }).toBe(1)
    expect(server.log[0]).toMatchObject({
      method: 'POST',
      route: '/shares/:share/schemas/:schema/tables/:table/query',
      recipient: 'acme',
      share: 'Lake',
      schema: 'Main',
      table: 'partitioned',
      format: 'parquet',
      version: 1n,
      filesReturned: 1,
      filesTotal: 5,
      bytesSent: bytes,
      status: 200,
      outcome: 'complete',
    })
    await server.ask('/shares', { headers: { authorization: 'Bearer wrong-secret' } })
    const text = JSON.stringify(server.log, (_, value) =>
      typeof value === 'bigint' ? String(value) : value instanceof Error ? value.message : value,
    )
    for (const secret of [TOKEN, 'wrong-secret', 'Signature', '2026-01-02']) {
      expect(text).not.toContain(secret)
    }
  })

  it('a log that throws fails no answer', async () => {
    const own = await startServer({
      log: () => {
        throw new Error('disk full')
      },
    })
    expect((await own.query('simple')).status).toBe(200)
    await own.close()
  })
})
