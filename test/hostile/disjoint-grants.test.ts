import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quickOr, spreadOf } from '@spillway/testkit'
import type { RunningServer } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../packages/server/src/routes.js'
import { askRaw, serve } from './disjoint/asking.js'
import { AGENT_ROUTES, ASSET_ROUTES, MCP_ROUTE } from './disjoint/asset-routes.js'
import { fetched, type Gathered, gatherAll, queryOf } from './disjoint/gather.js'
import { FORMATS, type Format, namesOf, REGIONS, type Region, writeTable } from './disjoint/lake.js'
import { ROUTE_QUESTIONS } from './disjoint/questions.js'

const folder = mkdtempSync(join(tmpdir(), 'disjoint-'))
const locationOf = (format: string) => join(folder, 'lake', format)

type PerFormat = ReadonlyMap<Format, Gathered>

/** Of one table, of which every recipient was granted another part. */
const inPart = new Map<Region, PerFormat>()
/** Of two tables in its place, one after the other, that hold what one of them was granted. */
const alone = new Map<Region, PerFormat>()
let parted: RunningServer

/** In one place whatever it holds: paths, and so the order of files and their ids, are the same. */
async function writeAll(regions: readonly Region[]): Promise<void> {
  rmSync(join(folder, 'lake'), { recursive: true, force: true })
  for (const format of FORMATS) await writeTable(format, locationOf(format), regions)
}

beforeAll(async () => {
  for (const region of REGIONS) {
    await writeAll([region])
    const apart = await serve(folder, format => ({ location: locationOf(format) }))
    alone.set(region, await gatherAll(apart, region))
    await apart.close(0)
  }
  await writeAll(REGIONS)
  parted = await serve(folder, (format, region) => ({
    location: locationOf(format),
    partitions: `region = '${region}'`,
  }))
  for (const region of REGIONS) inPart.set(region, await gatherAll(parted, region))
}, 300_000)
afterAll(async () => {
  await parted.close(0)
  rmSync(folder, { recursive: true, force: true })
})

const other = (region: Region): Region => (region === 'eu' ? 'us' : 'eu')
const WHO = FORMATS.flatMap(format => REGIONS.map(region => ({ format, region })))

describe.each(WHO)('$format, in part, to the recipient of $region', ({ format, region }) => {
  const partOf = (whose: Region) => inPart.get(whose)!.get(format)!
  const own = () => partOf(region)
  const theirs = () => partOf(other(region))
  const table = () => alone.get(region)!.get(format)!

  it('answers every question as a table of that part alone', () => {
    expect(own().answers).toEqual(table().answers)
    const pages = own().answers.flatMap(answer => answer.pages)
    expect(pages.filter(({ status }) => status === 200).length).toBeGreaterThan(quickOr(15, 100))
  })

  it('takes asynchronous queries as a table of that part alone', () => {
    expect(own().submitted).toEqual(table().submitted)
    expect(own().prepared).toEqual(table().prepared)
  })

  it('opens the same files', () => {
    expect(own().files.length).toBeGreaterThan(1)
    expect(own().files).toEqual(table().files)
  })

  it('names no file of the other part, and no value of its partitions', () => {
    for (const name of namesOf(other(region))) expect(own().text).not.toContain(name)
    expect(own().text).not.toMatch(new RegExp(`"region\\\\*":\\\\*"${other(region)}`))
    expect(own().text).toContain(namesOf(region)[1])
  })

  it('opens no file of the other part by any mixture of URLs', async () => {
    for (const url of spreadOf(own().urls, 4)) {
      for (const their of spreadOf(theirs().urls, 4)) {
        const mixed = new URL(url)
        mixed.pathname = new URL(their).pathname
        const crossed = new URL(their)
        crossed.searchParams.set('for', new URL(url).searchParams.get('for')!)
        for (const { href } of [mixed, crossed]) {
          expect(await fetched(href)).toEqual({ status: 403, bytes: '' })
        }
      }
    }
  })

  it('takes no token and no query of the other recipient', async () => {
    const { pageToken, queryId } = theirs()
    const page = await askRaw(parted, region, queryOf(format, { maxFiles: 1, pageToken }))
    expect(page.response.status).toBe(400)
    const { path } = queryOf(format, {})
    const look = { method: 'POST', path: path.replace(/query$/, `queries/${queryId}`), body: {} }
    expect((await askRaw(parted, region, look)).response.status).toBe(404)
  })
})

it('asks every route there is', () => {
  const routes = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`)
  // Those of assets and agents are asked by `disjoint-assets.test.ts`.
  const asked = [...Object.keys(ROUTE_QUESTIONS), ...ASSET_ROUTES, ...AGENT_ROUTES, MCP_ROUTE]
  expect(asked.sort()).toEqual([...routes].sort())
})
