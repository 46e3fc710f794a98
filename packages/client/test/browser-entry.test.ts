import { createContext, runInContext } from 'node:vm'
import { afterEach, expect, it } from 'vitest'
import { bundleForBrowser } from './support/bundle-client.js'
import { startServer, type TestServer } from './support/server.js'

let server: TestServer
afterEach(() => server?.close())

/** What browsers have, and nothing of Node's. */
function browserGlobals(): object {
  const names = [
    'AbortController',
    'AbortSignal',
    'Headers',
    'TextDecoder',
    'TextEncoder',
    'URL',
    'URLSearchParams',
    'btoa',
    'clearTimeout',
    'fetch',
    'performance',
    'setTimeout',
  ]
  return Object.fromEntries(names.map(name => [name, Reflect.get(globalThis, name)]))
}

it('runs where there is no Node, from one bundle without its modules', async () => {
  const { code, warnings } = await bundleForBrowser(
    new URL('../src/index.ts', import.meta.url),
    'iife',
  )
  expect(warnings).toEqual([])
  expect(code).not.toMatch(/["']node:|__vite-browser-external|\brequire\(/)
  server = await startServer((_request, response) => response.end('{"items":[{"name":"lake"}]}'))
  const page = createContext(browserGlobals())
  runInContext(code, page)
  const list = runInContext(
    `(async profile => {
      const names = []
      const client = spillway.createSharingClient(spillway.parseProfile(profile))
      for await (const share of client.shares()) names.push(share.name)
      return names.join()
    })`,
    page,
  )
  const profile = { shareCredentialsVersion: 1, endpoint: server.url, bearerToken: 't' }
  expect(await list(JSON.stringify(profile))).toBe('lake')
})
