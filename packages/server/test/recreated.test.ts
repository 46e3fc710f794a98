import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { add, ID, metaData, protocol } from './support/lake.js'
import { failure, linesOf, type Running, startServer, tablePath } from './support/serve.js'

// A table that is dropped and written anew under its name is another table, however alike its versions are.

const FRESHNESS_MS = 1000
const OLD = 'c0ffee00-0000-4000-8000-000000000001'
const NEW = 'c0ffee00-0000-4000-8000-000000000002'

let running: Running
beforeEach(async () => {
  running = await startServer({ freshnessMs: FRESHNESS_MS })
})
afterEach(() => running.close())

/** Writes `simple` anew: `versions` commits, each with a file; its time is after that of what was asked before. */
function recreate(versions: number): void {
  const { lake } = running
  rmSync(`${lake.root}/simple`, { recursive: true })
  const table = lake.table('simple')
  table.commit(protocol, metaData([ID], { id: NEW }), add('new-0'))
  for (let version = 1; version < versions; version++) table.commit(add(`new-${version}`))
  for (let version = 0; version < versions; version++) table.file(`new-${version}`)
}

async function tableOf(response: Response) {
  const version = response.headers.get('delta-table-version')
  const lines = await linesOf(response)
  return {
    id: lines[1]!.metaData!.id,
    version,
    files: lines.filter(({ file }) => file !== undefined).length,
  }
}

// The old one has versions 0, 1 and 2, and two files.
it.each([1, 2, 3, 4])(
  'the latest of a table with %i new versions is the new one once the old is not fresh',
  async versions => {
    expect(await tableOf(await running.query('simple'))).toEqual({
      id: OLD,
      version: '2',
      files: 2,
    })
    await running.ask(`${tablePath('simple')}/version`)
    recreate(versions)
    running.time.now += FRESHNESS_MS + 1
    const latest = String(versions - 1)
    const version = await running.ask(`${tablePath('simple')}/version`)
    expect(version.headers.get('delta-table-version')).toBe(latest)
    const found = await tableOf(await running.query('simple'))
    expect(found).toEqual({ id: NEW, version: latest, files: versions })
    const metadata = await linesOf(await running.ask(`${tablePath('simple')}/metadata`))
    expect(metadata[1]!.metaData!.id).toBe(NEW)
  },
)

it.each([2, 3, 4])(
  'pages and refreshed answers of the old are refused where %i versions are new',
  async versions => {
    const first = await running.query('simple', { maxFiles: 1, includeRefreshToken: true })
    const end = (await linesOf(first)).at(-1)!.endStreamAction!
    recreate(versions)
    running.time.now += FRESHNESS_MS + 1
    for (const body of [
      { maxFiles: 1, pageToken: end.nextPageToken },
      { refreshToken: end.refreshToken },
    ]) {
      const answer = await failure(await running.query('simple', body))
      expect(answer.status).toBe(400)
      expect(answer.message).toMatch(/recreated after the|version 2/)
    }
  },
)

it.each([3, 4])(
  'an older version by its number is of the new table, with %i versions',
  async versions => {
    expect(await tableOf(await running.query('simple', { version: 1 }))).toMatchObject({ id: OLD })
    recreate(versions)
    running.time.now += FRESHNESS_MS + 1
    expect(await tableOf(await running.query('simple', { version: 1 }))).toEqual({
      id: NEW,
      version: '1',
      files: 2,
    })
  },
)
