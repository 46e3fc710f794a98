import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createSharingClient, type SharingClient, type TableAnswer } from '@spillway/client'
import { TableError } from '@spillway/core'
import { parseProfile } from '@spillway/protocol'
import type { Json } from '@spillway/rows'
import { compose, receivedTable } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error the suite is plain JavaScript, so that it runs anywhere
import { conform } from '../conformance/run.mjs'
import {
  canRunIndependentServer,
  type IndependentServer,
  startIndependentServer,
} from './independent.js'
import { rowTexts, snapshotRows } from './rows.js'

const tables = fileURLToPath(new URL('../fixtures/delta/', import.meta.url))

interface Golden {
  readonly name: string
  readonly folder: string
  readonly version: number
  readonly readerFeatures: readonly string[]
  readonly rows?: readonly (readonly Json[])[]
  readonly versions?: Readonly<Record<string, { readonly rows: readonly (readonly Json[])[] }>>
  readonly changes?: { readonly from: number; readonly to: number }
}
const catalogue = JSON.parse(readFileSync(`${tables}catalogue.json`, 'utf8')) as {
  readonly tables: readonly Golden[]
}
/** A clone's files lie in another folder, which that server does not serve. */
const golden = catalogue.tables.filter(({ name, rows }) => rows && name !== 'shallow-clone')
const cases = golden.map(table => [table.name, table] as const)

if (!canRunIndependentServer())
  it.skip('another server: SPILLWAY_PYTHON has no pyarrow, see setup.sh', () => undefined)
else describe("our client reads another server's tables", suite)

function suite() {
  let server: IndependentServer
  let client: SharingClient

  beforeAll(async () => {
    server = await startIndependentServer(tables)
    client = createSharingClient(parseProfile(readFileSync(server.profile, 'utf8')))
  })
  afterAll(() => server.stop())

  const sharedAs = ({ folder }: Golden) => folder.replace(/[^\p{L}\p{N}_-]+/gu, '_')
  const nameOf = (table: Golden) => ({ share: 'golden', schema: 'delta', table: sharedAs(table) })

  it('lists every table, in pages of seven', async () => {
    const listed: string[] = []
    for await (const { name } of client.tables('golden', { maxResults: 7 })) listed.push(name)
    expect(listed.sort()).toEqual(catalogue.tables.map(sharedAs).sort())
  })

  it.each(cases)('%s has the rows of its catalogue', async (_name, table) => {
    expect(await client.version(nameOf(table))).toBe(BigInt(table.version))
    const answer = await client.query(nameOf(table), { includeRefreshToken: true })
    expect(await rowsOf(answer)).toEqual(rowTexts(table.rows ?? []))
  })

  it.each(cases)('%s is the same in pages of two files', async (_name, table) => {
    const answer = await client.query(nameOf(table), { maxFiles: 2 })
    expect(await rowsOf(answer)).toEqual(rowTexts(table.rows ?? []))
  })

  const versions = golden.flatMap(table =>
    Object.entries(table.versions ?? {}).map(
      ([version, { rows }]) => [table.name, version, table, rows] as const,
    ),
  )
  it.each(versions)(
    '%s at version %s has the rows of then',
    async (_name, version, table, rows) => {
      const answer = await client.query(nameOf(table), { version: BigInt(version) })
      expect(answer.version).toBe(BigInt(version))
      expect(await rowsOf(answer)).toEqual(rowTexts(rows))
    },
  )

  it.each(['delta', 'parquet'] as const)('the change feed comes in %s format', async format => {
    const capabilities = { formats: [format] }
    const name = { share: 'golden', schema: 'delta', table: 'cdf' }
    const answer = await client.changes(name, { startingVersion: 0n, capabilities })
    expect(answer.format).toBe(format)
    const kinds: string[] = []
    for await (const action of answer.actions) kinds.push(action.kind)
    expect(kinds.length).toBeGreaterThan(3)
  })

  it('refuses what the client does not declare, in words', async () => {
    const asked = client.query(
      { share: 'golden', schema: 'delta', table: 'dv-delete' },
      { capabilities: { formats: ['parquet'] } },
    )
    await expect(asked).rejects.toThrow(TableError)
    await expect(asked).rejects.toThrow('the table needs deletionVectors')
  })

  it('passes the conformance suite', async () => {
    const failed: string[] = []
    let passed = 0
    for await (const result of conform({ ...server, tables: 12 })) {
      if (result.status === 'fail') failed.push(`${result.id} ${result.on}: ${result.reason}`)
      if (result.status === 'pass') passed++
    }
    expect(failed).toEqual([])
    expect(passed).toBeGreaterThan(500)
  })
}

async function rowsOf(answer: TableAnswer): Promise<readonly string[]> {
  const { location, store } = await receivedTable(answer)
  const spillway = compose({ stores: [{ scheme: 'shared', store }] })
  try {
    const source = { location, format: 'delta' } as const
    return await snapshotRows(await spillway.engine().snapshot(source), spillway)
  } finally {
    await spillway.close()
  }
}
