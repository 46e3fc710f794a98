import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spreadOf } from '@spillway/testkit'
import { createSharingServer, parseConfig } from 'spillway'
import { afterAll, expect, it } from 'vitest'
// @ts-expect-error a script, so that it runs against any server without a build
import { conform } from '../conformance/run.mjs'
import { serveOn } from './serve-on.js'

const TOKEN = 'token-of-the-checks'
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const unpacked = mkdtempSync(join(tmpdir(), 'spillway-conformance-'))
afterAll(() => rmSync(unpacked, { recursive: true }))

interface Shared {
  readonly name: string
  readonly location: string
  readonly rebase?: readonly { readonly from: string; readonly to: string }[]
  readonly metadataFile?: string
}

const delta = (name: string): Shared => ({ name, location: join(fixtures, 'delta', name) })

/** Written elsewhere: its paths are those of the machine that wrote it. */
function iceberg(name: string): Shared {
  const from = `/tmp/spillway-golden-iceberg/spark/db/${name}`
  return { name, location: join(fixtures, 'iceberg', name), rebase: [{ from, to: '' }] }
}

function hudi(archive: string): Shared {
  const folder = mkdtempSync(join(unpacked, 'hudi-'))
  execFileSync('tar', ['-xzf', join(fixtures, 'hudi', `${archive}.tar.gz`), '-C', folder])
  return { name: archive.replace('/', '_'), location: folder }
}

const parquet = (name: string): Shared => ({
  name,
  location: join(fixtures, 'parquet-tables', name),
})

/** Tables with deleted rows, renamed columns and evolved partitions, in each format with its own version numbers. */
const tables: readonly (readonly [string, () => Shared])[] = [
  ['Delta with deletion vectors', () => delta('dv-delete')],
  ['Delta with a change feed and deletion vectors', () => delta('cdf-dv')],
  ['Delta with column mapping and deletion vectors', () => delta('mapping-dv')],
  ['Delta with checkpoints and partitions', () => delta('partitioned-dates')],
  ['Iceberg v3 with deletion vectors', () => iceberg('spark-v3-deletion-vectors')],
  ['Iceberg v2 with position deletes', () => iceberg('spark-v2-deletes-file')],
  ['Iceberg with an evolved schema', () => iceberg('spark-v2-schema-evolution')],
  ['Iceberg with evolved partitions', () => iceberg('spark-v2-partition-evolution')],
  ['Hudi copy on write, version 6', () => hudi('v6/cow_changes')],
  ['Hudi copy on write, version 9', () => hudi('v9/cow_multi_partition')],
  ['Hudi merge on read, version 9', () => hudi('v9/mor_changes')],
  ['a folder of Parquet files', () => parquet('hive')],
]

interface Outcome {
  readonly id: string
  readonly title: string
  readonly status: 'pass' | 'skip' | 'fail'
  readonly reason?: string
}

it.each(spreadOf(tables, 2))('%s answers every black-box check', async (_, tableOf) => {
  const table = { ...tableOf(), history: true }
  const config = {
    // Where neither format can say a table exactly, its files are rewritten.
    staging: { location: join(unpacked, 'staging') },
    server: { secret: 'a secret of sixteen bytes or more' },
    shares: [{ name: 'lake', schemas: [{ name: 'checks', tables: [table] }] }],
    recipients: [
      {
        name: 'checker',
        shares: ['lake'],
        tokens: [{ sha256: createHash('sha256').update(TOKEN).digest('hex') }],
      },
    ],
  }
  const parsed = parseConfig(JSON.stringify(config), { folder: '/', path: 'checks.yaml' })
  const server = await serveOn(publicUrl => createSharingServer({ config: parsed, publicUrl }))
  const outcomes: Outcome[] = []
  for await (const outcome of conform({ endpoint: `${server.url}/delta-sharing`, token: TOKEN })) {
    outcomes.push(outcome as Outcome)
  }
  await server.close()
  expect(outcomes.filter(({ status }) => status === 'fail')).toEqual([])
  // Time travel and paging are not skipped: the table is asked by its own numbers.
  const passed = new Set(outcomes.flatMap(({ id, status }) => (status === 'pass' ? [id] : [])))
  for (const id of ['18', '26', '44', '52', '54, 55', '74', '75']) expect(passed).toContain(id)
})
