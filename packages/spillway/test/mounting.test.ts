import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { tokenHash } from '@spillway/server'
import { nodeListener } from '@spillway/server/node'
import express from 'express'
// @ts-expect-error: the types of version 4 are near enough those of 5, and are used below.
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import mount from 'koa-mount'
import { afterAll, describe, expect, it } from 'vitest'
import { createSharingServer, parseConfig } from '../src/index.js'
import { golden } from './support/sample-share.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-mounting-'))
cpSync(join(golden, 'plain'), join(folder, 'plain'), { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Sharing = ReturnType<typeof createSharingServer>

const config = parseConfig(
  JSON.stringify({
    shares: [{ name: 's', schemas: [{ name: 'd', tables: [{ name: 't', location: 'plain' }] }] }],
    recipients: [
      { name: 'me', shares: ['s'], tokens: [{ sha256: tokenHash('t0ken').toString('hex') }] },
    ],
  }),
  { folder, path: 'spillway.yaml' },
)

/** What a framework listens with, made for a sharing server. */
type Mounted = (sharing: Sharing, at: string) => RequestListener | Promise<RequestListener>

const expressOf =
  (make: () => express.Express): Mounted =>
  (sharing, at) =>
    make().use(at, nodeListener(sharing)) as RequestListener

const FRAMEWORKS: readonly (readonly [string, Mounted])[] = [
  ['Express 5', expressOf(express)],
  ['Express 4', expressOf(express4 as unknown as () => express.Express)],
  [
    'an Express router in a router',
    (sharing, at) => {
      const [, first = '', ...rest] = at.split('/')
      const inner = express.Router().use(`/${rest.join('/')}`, nodeListener(sharing))
      return express().use(`/${first}`, inner) as RequestListener
    },
  ],
  [
    'Fastify',
    async (sharing, at) => {
      const app = fastify()
      await app.register(async scope => {
        scope.removeAllContentTypeParsers()
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
        scope.all(`${at}/*`, (request, reply) => {
          reply.hijack()
          nodeListener(sharing)(request.raw, reply.raw)
        })
      })
      await app.ready()
      return (request, response) => app.routing(request, response)
    },
  ],
  [
    'Fastify by a prefix',
    async (sharing, at) => {
      const app = fastify()
      await app.register(
        async scope => {
          scope.removeAllContentTypeParsers()
          scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
          scope.all('/*', (request, reply) => {
            reply.hijack()
            nodeListener(sharing)(request.raw, reply.raw)
          })
        },
        { prefix: at },
      )
      await app.ready()
      return (request, response) => app.routing(request, response)
    },
  ],
  [
    'Hono',
    (sharing, at) => {
      const app = new Hono().all(`${at}/*`, context => sharing.fetch(context.req.raw))
      return getRequestListener(app.fetch)
    },
  ],
  [
    'Hono by mount, which takes the path away',
    (sharing, at) =>
      getRequestListener(new Hono().mount(at, request => sharing.fetch(request)).fetch),
  ],
  [
    'Koa',
    (sharing, at) => {
      const listener = nodeListener(sharing)
      return new Koa()
        .use((context, next) => {
          if (!context.path.startsWith(`${at}/`)) return next()
          context.respond = false
          listener(context.req, context.res)
          return undefined
        })
        .callback()
    },
  ],
  [
    'Koa by koa-mount, which takes the path away',
    (sharing, at) => {
      const listener = nodeListener(sharing)
      const inner: Koa.Middleware = context => {
        context.respond = false
        listener(context.req, context.res)
      }
      return new Koa().use(mount(at, inner)).callback()
    },
  ],
  [
    'node:http',
    (sharing, at) => {
      const listener = nodeListener(sharing)
      return (request, response) => {
        if (request.url?.startsWith(`${at}/`)) listener(request, response)
        else response.writeHead(404).end()
      }
    },
  ],
]

/** A server at a port of its own; `make` is told its origin. */
async function listening(
  make: (origin: string) => RequestListener | Promise<RequestListener>,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  let listener: RequestListener | undefined
  const server: Server = createServer((request, response) => listener?.(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  listener = await make(origin)
  return {
    origin,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const QUERY: RequestInit = {
  method: 'POST',
  headers: { authorization: 'Bearer t0ken', 'content-type': 'application/json' },
  body: '{}',
}

/** Status and first bytes of every file that a query of the table names, or of its refusal. */
async function filesOf(endpoint: string): Promise<readonly string[]> {
  const answer = await fetch(`${endpoint}/shares/s/schemas/d/tables/t/query`, QUERY)
  const text = await answer.text()
  if (!answer.ok) return [`${answer.status} ${text}`]
  const lines = text.trimEnd().split('\n').slice(2)
  const urls = lines.map(line => (JSON.parse(line) as { file: { url: string } }).file.url)
  return Promise.all(
    urls.map(async url => {
      if (!url.startsWith(`${endpoint}/files/`)) return `not below the endpoint: ${url}`
      const file = await fetch(url, { headers: { range: 'bytes=0-3' } })
      return `${file.status} ${await file.text()}`
    }),
  )
}

describe.each(FRAMEWORKS)('mounted in %s', (_, mounted) => {
  it.each(['/delta-sharing', '/a/b'])('at %s, local tables are read', async at => {
    let sharing: Sharing | undefined
    const server = await listening(origin => {
      sharing = createSharingServer({ config, endpoint: `${origin}${at}` })
      expect(sharing.path).toBe(at)
      return mounted(sharing, at)
    })
    const files = await filesOf(`${server.origin}${at}`)
    expect(files.length).toBeGreaterThan(0)
    expect(new Set(files)).toEqual(new Set(['206 PAR1']))
    await server.close()
    await sharing?.close()
  })
})

it('answers where it is mounted at another place with what to change', async () => {
  let sharing: Sharing | undefined
  const server = await listening(origin => {
    sharing = createSharingServer({ config, endpoint: `${origin}/a/b` })
    return express().use('/other', nodeListener(sharing)) as RequestListener
  })
  const [refused] = await filesOf(`${server.origin}/other`)
  expect(refused).toMatch(/^404 .*expected \/a\/b\/shares\/s\/.*, found \/other\/shares\/s\//)
  expect(refused).toContain('mounts it at the path of its endpoint')
  // Whoever scans for something else is told nothing.
  const scanned = await (await fetch(`${server.origin}/other/.git/config`)).text()
  expect(scanned).toContain('there is nothing at this path"')
  await server.close()
  await sharing?.close()
})

it('tells that a framework has read the body, before any time is over', async () => {
  let sharing: Sharing | undefined
  const mountedIn = async (mounted: (sharing: Sharing) => RequestListener) => {
    const server = await listening(origin => {
      sharing = createSharingServer({ config, endpoint: `${origin}/delta-sharing` })
      return mounted(sharing)
    })
    const [refused] = await filesOf(`${server.origin}/delta-sharing`)
    await server.close()
    await sharing?.close()
    return refused
  }
  const advice = /^400 .*must mount it before any body parser/
  expect(
    await mountedIn(
      each => express().use(express.json()).use(each.path, nodeListener(each)) as RequestListener,
    ),
  ).toMatch(advice)
  expect(
    await mountedIn(each =>
      getRequestListener(
        new Hono().all(`${each.path}/*`, async context => {
          await context.req.json()
          return each.fetch(context.req.raw)
        }).fetch,
      ),
    ),
  ).toMatch(advice)
})

describe('what no recipient could use is refused when it is made', () => {
  const made = (options: { readonly endpoint?: string; readonly publicUrl?: string }) => () =>
    createSharingServer({ config, ...options })
  it.each([
    [{}, /expected either endpoint or publicUrl, found neither/],
    [{ endpoint: 'https://x/a', publicUrl: 'https://x' }, /found both/],
    [{ endpoint: '/delta-sharing' }, /endpoint: .*which is no URL/],
    [{ endpoint: 'https://x/delta-sharing/shares' }, /clients add \/shares to it themselves/],
    [{ publicUrl: 'share.example' }, /publicUrl: .*which is no URL/],
  ])('%j', (options, reason) => {
    expect(made(options)).toThrow(reason)
  })
})
