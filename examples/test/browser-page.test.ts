import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, startChromium, withoutChromium } from './chromium.js'
import { type SampleShare, startSampleShare } from './sample-share.js'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

describe.skipIf(chromiumPath === undefined)(`the page in a browser${withoutChromium}`, () => {
  let share: SampleShare
  let site: Server
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  const unranged: string[] = []

  beforeAll(async () => {
    share = await startSampleShare()
    const outDir = join(share.folder, 'site')
    const configFile = fileURLToPath(new URL('../browser-page/vite.config.ts', import.meta.url))
    await build({ configFile, logLevel: 'silent', build: { outDir } })
    site = createServer((request, response) => {
      const path = request.url === '/' ? '/index.html' : request.url!
      response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain')
      response.end(readFileSync(join(outDir, path)))
    })
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
    browser = await startChromium()
    page = await browser.newPage({ viewport: { width: 1320, height: 880 } })
    page.on('pageerror', error => complaints.push(error.message))
    page.on('request', request => {
      const file = request.url().includes('/files/') && request.method() === 'GET'
      if (file && request.headers().range === undefined) unranged.push(request.url())
    })
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  })

  afterAll(async () => {
    await browser?.close()
    site?.close()
    await share?.close()
  })

  async function openTable(name: string): Promise<void> {
    await page.click(`nav button[data-table="${name}"]`)
    await page.waitForSelector(`h2:has-text("${name}")`)
    await page.waitForSelector('tbody tr')
  }

  it('opens a profile and lists what is in it', async () => {
    await page.setInputFiles('#file', share.profilePath)
    await page.waitForSelector('nav button[aria-current="true"]')
    const names = await page.locator('nav button').allTextContents()
    expect(names).toEqual(expect.arrayContaining(['trips', 'stations', 'weather']))
  })

  it('shows the first rows of a partitioned table, with the columns that its files lack', async () => {
    await openTable('trips')
    const heads = await page.locator('thead th').allTextContents()
    const day = heads.findIndex(head => head.startsWith('day'))
    expect(await page.locator('tbody tr').count()).toBe(50)
    const cells = page.locator(`tbody tr:first-child td:nth-child(${day + 1})`)
    expect(await cells.textContent()).toMatch(/^2026-03-\d\d$/)
    expect(await page.locator('rect.kept').count()).toBe(14)
  })

  it('fetches ranges, and no byte twice', async () => {
    const note = await page.locator('.card:has(table) header span').textContent()
    const [, fetched, whole] = /50 rows, for which ([\d.]+) kB of ([\d.]+) kB/.exec(note!)!
    expect(Number(fetched)).toBeLessThanOrEqual(Number(whole))
  })

  it('writes decimals with the digits that they have', async () => {
    const heads = await page.locator('thead th').allTextContents()
    const fare = heads.findIndex(head => head.startsWith('fare'))
    const fares = await page.locator(`tbody td:nth-child(${fare + 1})`).allTextContents()
    expect(fares.filter(text => !/^\d+\.\d\d$/.test(text))).toEqual([])
  })

  it('shows what a predicate keeps, and in words what cannot be asked', async () => {
    await page.fill('input[name="predicate"]', "day >= DATE '2026-03-13'")
    await page.click('form button')
    await page.waitForSelector('header span:has-text("4 of 28 files may match")')
    if (process.env.SPILLWAY_SCREENSHOT) {
      await page.screenshot({ path: process.env.SPILLWAY_SCREENSHOT })
    }
  })

  it('fetches of a large file its footer and its first row group alone', async () => {
    await openTable('readings')
    expect(await page.locator('tbody tr').count()).toBe(50)
    const note = await page.locator('.card:has(table) header span').textContent()
    const [, fetched, whole] = /for which ([\d.]+) kB of ([\d.]+) MB/.exec(note!)!
    expect(Number(fetched) * 1000).toBeLessThan((Number(whole) * 1e6) / 10)
  })

  it('shows tables of every format', async () => {
    const names = await page.locator('nav button').allTextContents()
    for (const name of names) await openTable(name)
    expect([complaints, unranged]).toEqual([[], []])
  })

  it('says in words that a profile cannot be used', async () => {
    const broken = { name: 'x.share', mimeType: 'application/json', buffer: Buffer.from('{}') }
    await page.setInputFiles('#file', broken)
    await page.waitForSelector('.wrong:has-text("shareCredentialsVersion must be 1 or 2")')
  })
})
