import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForBrowser } from '../../packages/client/test/support/bundle-client.js'
import { chromiumPath, startChromium, withoutChromium } from './chromium.js'
import { readShare } from './portable-reader.js'
import { type SampleShare, startSampleShare } from './sample-share.js'

const TABLE = 'city.public.trips'
let share: SampleShare
let bundle: string

beforeAll(async () => {
  share = await startSampleShare()
  bundle = (await bundleForBrowser(new URL('portable-reader.ts', import.meta.url))).code
})
afterAll(() => share.close())

const expected = {
  tables: expect.arrayContaining([TABLE, 'city.public.stations']),
  version: '0',
  kind: 'deltaMetaData',
  files: 28,
  refreshable: true,
  range: '206 PAR1',
}

/** Runs the bundle, which asks as a recipient and prints what it found. */
async function runScript(command: string, args: readonly string[]): Promise<unknown> {
  const path = join(share.folder, 'run.mjs')
  const asked = `${JSON.stringify(share.profile)}, ${JSON.stringify(TABLE)}`
  writeFileSync(path, `${bundle}\nconsole.log(JSON.stringify(await readShare(${asked})))\n`)
  const { stdout } = await promisify(execFile)(command, [...args, path], { cwd: share.folder })
  return JSON.parse(stdout)
}

describe('one client, bundled as a browser would have it, reads a share', () => {
  it('from source in Node', async () => {
    expect(await readShare(share.profile, TABLE)).toEqual(expected)
  })

  it('in Node', async () => {
    expect(await runScript(process.execPath, [])).toEqual(expected)
  })

  // Their npm packages put them on the path; neither is needed to develop here.
  for (const [name, args] of [
    ['bun', ['run']],
    ['deno', ['run', '--allow-net', '--no-config']],
  ] as const) {
    const command = process.env[`SPILLWAY_${name.toUpperCase()}`] ?? name
    const missing = spawnSync(command, ['--version']).status !== 0
    const skipped = missing ? ` (skipped: ${name} is not on the path)` : ''
    it.skipIf(missing)(`in ${name}${skipped}`, async () => {
      expect(await runScript(command, args)).toEqual(expected)
    })
  }

  it.skipIf(chromiumPath === undefined)(`in Chromium${withoutChromium}`, async () => {
    // A page of another origin than the server, so every request goes through CORS.
    const site = createServer((request, response) => {
      const script = request.url === '/reader.js'
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
      response.end(script ? bundle : '<!doctype html><title>reader</title>')
    })
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
    const browser = await startChromium()
    try {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
      // As text: what transforms this file would rewrite an import that is meant for the browser.
      const asked = `${JSON.stringify(share.profile)}, ${JSON.stringify(TABLE)}`
      const found = await page.evaluate(`import('/reader.js').then(m => m.readShare(${asked}))`)
      expect(found).toEqual(expected)
    } finally {
      await browser.close()
      site.close()
    }
  })
})
