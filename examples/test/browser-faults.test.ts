import type { Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForBrowser } from '../../packages/client/test/support/bundle-client.js'
import { type RawServer, startRawServer } from '../../packages/client/test/support/raw-server.js'
import { chromiumPath, startChromium, withoutChromium } from './chromium.js'

// A browser's own fetch fails in other words than Node's: what matters is that it fails, in time, and says so.

const CORS = 'access-control-allow-origin: *\r\naccess-control-allow-headers: *, authorization\r\n'
const BODY = `{"protocol":{"minReaderVersion":1}}
{"metaData":{"id":"m","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[]}}
{"file":{"url":"https://h/a","id":"a","partitionValues":{},"size":1}}
`

function answer(status: string, headers: string, body = ''): string {
  return `HTTP/1.1 ${status}\r\n${CORS}${headers}connection: close\r\n\r\n${body}`
}

describe.skipIf(chromiumPath === undefined)(
  `in Chromium a query ends in an error${withoutChromium}`,
  () => {
    let browser: Browser
    let page: Page
    let server: RawServer
    let fault: (socket: Socket) => void = socket => socket.destroy()

    beforeAll(async () => {
      const { code } = await bundleForBrowser(new URL('portable-reader.ts', import.meta.url))
      server = await startRawServer((socket, request) => {
        if (request.startsWith('OPTIONS')) socket.end(answer('204 No Content', ''))
        else if (request.startsWith('GET /reader.js'))
          socket.end(answer('200 OK', 'content-type: text/javascript\r\n', code))
        else if (request.startsWith('GET / '))
          socket.end(answer('200 OK', 'content-type: text/html\r\n', '<!doctype html>'))
        else fault(socket)
      })
      browser = await startChromium()
      page = await browser.newPage()
      await page.goto(`${server.url}/`)
    })

    afterAll(async () => {
      await browser?.close()
      await server?.close()
    })

    it.each<[string, (socket: Socket) => void, RegExp]>([
      [
        'a stall',
        s => s.write(answer('200 OK', 'content-length: 900\r\n', BODY)),
        /silent for 0.3 s/,
      ],
      ['no answer', () => undefined, /silent for 0.3 s/],
      ['a reset', s => s.destroy(), /no whole answer from/],
      [
        'too few bytes',
        s => s.end(answer('200 OK', 'content-length: 900\r\n', BODY)),
        /no whole answer/,
      ],
      [
        'chunks that stop',
        s => {
          const chunk = `${BODY.length.toString(16)}\r\n${BODY}\r\n`
          s.end(answer('200 OK', 'transfer-encoding: chunked\r\n', chunk))
        },
        /no whole answer/,
      ],
      [
        'bytes that are not gzip',
        s => s.end(answer('200 OK', 'content-encoding: gzip\r\n', 'not gzip')),
        /no whole answer/,
      ],
      [
        'a redirect, whose target the browser does not tell',
        s => s.end(answer('307 Temporary Redirect', 'location: https://elsewhere.example/\r\n')),
        /redirects elsewhere, where the credentials are not sent/,
      ],
      ['a page of HTML', s => s.end(answer('200 OK', '', '<html>log in</html>')), /found "<html>/],
    ])('on %s', async (_name, happens, words) => {
      fault = happens
      // Only what is waited for in vain needs to be waited for briefly.
      const ms = words.source.startsWith('silent') ? 300 : 20_000
      const url = JSON.stringify(server.url)
      const asked = `import('/reader.js').then(m => m.countFiles(${url}, ${ms}))`
      const ended = page.evaluate(
        `${asked}.then(n => 'gave ' + n + ' files', error => error.message)`,
      )
      expect(await ended).toMatch(words)
    })

    it('on a server that allows the page nothing, and says what that may be', async () => {
      const closed = await startRawServer(socket =>
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
      )
      const asked = `import('/reader.js').then(m => m.countFiles(${JSON.stringify(closed.url)}, 20000))`
      const ended = page.evaluate(`${asked}.then(String, error => error.message)`)
      expect(await ended).toMatch(/does not allow this page by CORS/)
      await closed.close()
    })
  },
)
