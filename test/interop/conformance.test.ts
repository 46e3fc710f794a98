import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseConfig, type RunningServer, startServer } from 'spillway'
import { afterAll, beforeAll, expect, it } from 'vitest'
// @ts-expect-error the suite is plain JavaScript, so that it runs anywhere
import { conform } from '../conformance/run.mjs'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))
const TOKEN = 'conformance-tests'
/** One table of each kind: the suite asks each about a hundred questions. */
const DELTA =
  /^(plain|empty|all-types|odd-path|partitioned-strings|dv-delete|dv-merge|mapping-dv|type-widening|cdf|checkpoint-v2-json|shallow-clone|rs-types)$/
const ICEBERG =
  /^(spark-v1-partitioned|spark-v2-deletes-file|spark-v3-deletion-vectors|java-v2-equality-deletes|spark-v2-schema-evolution)$/
const HUDI = ['v6/cow_basic', 'v8/mor_event_time', 'v9/mor_compaction', 'v9/cow_types']

interface Entry {
  readonly name: string
  readonly folder: string
  readonly metadataFile?: string
  readonly rebase?: readonly {
    readonly from: string
    readonly to?: string
    readonly folder?: string
  }[]
}

let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-conformance-'))
  server = await startServer(
    parseConfig(JSON.stringify(configuration()), { folder, path: 'conformance' }),
  )
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

it('passes every check that applies, over the golden tables of all formats', async () => {
  const counts = { pass: 0, skip: 0, fail: 0 }
  const failed: string[] = []
  for await (const { status, id, on, title, reason } of conform({
    endpoint: server.endpoint,
    token: TOKEN,
    tables: 1000,
  })) {
    counts[status as keyof typeof counts]++
    if (status === 'fail') failed.push(`${id} ${on}: ${title}: ${reason}`)
  }
  console.log(`conformance: ${counts.pass} passed, ${counts.fail} failed, ${counts.skip} skipped`)
  expect(failed).toEqual([])
  expect(counts.pass).toBeGreaterThan(1500)
}, 300_000)

function configuration(): object {
  const delta = entries('delta')
    .filter(({ name }) => DELTA.test(name))
    .map(table => ({ ...shared('delta', table), history: true }))
  const iceberg = entries('iceberg')
    .filter(({ name }) => ICEBERG.test(name))
    .map(table => ({ ...shared('iceberg', table), format: 'iceberg' }))
  const parquet = ['hive', 'evolved', 'types'].map(name => ({
    name,
    location: `${fixtures}parquet-tables/${name}`,
  }))
  const schemas = Object.entries({ delta, iceberg, hudi: HUDI.map(unpacked), parquet })
  return {
    server: { host: '127.0.0.1', port: 0, secret: 'a secret of the conformance tests' },
    staging: { location: join(folder, 'staging') },
    shares: [{ name: 'golden', schemas: schemas.map(([name, tables]) => ({ name, tables })) }],
    recipients: [
      {
        name: 'suite',
        shares: ['golden'],
        tokens: [{ sha256: createHash('sha256').update(TOKEN).digest('hex') }],
      },
    ],
  }
}

function entries(format: string): readonly Entry[] {
  return JSON.parse(readFileSync(`${fixtures}${format}/catalogue.json`, 'utf8')).tables
}

function shared(format: string, { name, folder: at, rebase = [], metadataFile }: Entry): object {
  const location = `${fixtures}${format}/${at}`
  const rules = rebase.map(({ from, to, folder: clone }) => ({
    from,
    to: clone === undefined ? `${location}/${to ?? ''}` : `${fixtures}${format}/${clone}`,
  }))
  return { name, location, rebase: rules, ...(metadataFile && { metadataFile }) }
}

function unpacked(archive: string): object {
  const name = archive.replace('/', '_')
  const location = join(folder, name)
  mkdirSync(location)
  execFileSync('tar', ['xzf', `${fixtures}hudi/${archive}.tar.gz`, '-C', location])
  return { name, location }
}
