import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSharingClient, parseTableName } from '@spillway/client'
import { childrenOf, type Field, isTableError, type Snapshot } from '@spillway/core'
import { parseProfile, profileText } from '@spillway/protocol'
import { duckDb, rowJson, type TableRows } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { readTarGz, spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  parseConfig,
  type RunningServer,
  receivedTable,
  sourceOf,
  startServer,
} from '../src/index.js'
import { compose } from '../src/tables/compose.js'

interface Golden {
  readonly name: string
  readonly folder: string
  readonly metadataFile?: string
  readonly rebase?: readonly {
    readonly from: string
    readonly to?: string
    readonly folder?: string
  }[]
}

const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url))

function catalogue(format: string) {
  const root = `${fixtures}/${format}`
  const { tables } = JSON.parse(readFileSync(`${root}/catalogue.json`, 'utf8')) as {
    readonly tables: readonly Golden[]
  }
  return tables.map(({ name, folder, metadataFile, rebase }) => ({
    name,
    format: format as 'delta' | 'iceberg',
    location: `${root}/${folder}`,
    // Cloned tables have files in the folder of the one they were cloned from.
    auxiliaryLocations: [root],
    ...(metadataFile && { metadataFile }),
    ...(rebase && {
      rebase: rebase.map(each => ({
        from: each.from,
        to: each.folder === undefined ? (each.to ?? '') : `${root}/${each.folder}`,
      })),
    }),
  }))
}

const folder = mkdtempSync(join(tmpdir(), 'spillway-shared-'))

/** Archives of the newest table version; older ones differ in how they are read, not in how they are shared. */
function hudiTables() {
  const archives = readdirSync(`${fixtures}/hudi/v9`).filter(name => name.endsWith('.tar.gz'))
  return archives.map(archive => {
    const name = archive.replace('.tar.gz', '')
    return { name: `hudi_${name}`, archive, format: 'hudi' as const, location: join(folder, name) }
  })
}

async function unpack(archive: string, location: string): Promise<void> {
  for (const [path, bytes] of readTarGz(readFileSync(`${fixtures}/hudi/v9/${archive}`))) {
    await mkdir(dirname(join(location, path)), { recursive: true })
    await writeFile(join(location, path), bytes)
  }
}

const tables = [...catalogue('delta'), ...catalogue('iceberg'), ...hudiTables()]
type Shared = (typeof tables)[number] & { readonly archive?: string }

const duckdb = duckDb()
const provider = compose({ duckdb })
const token = randomBytes(16).toString('hex')
let server: RunningServer

beforeAll(async () => {
  for (const { archive, location } of hudiTables()) await unpack(archive, location)
  const config = parseConfig(
    JSON.stringify({
      server: { port: 0 },
      staging: { location: 'staging' },
      shares: [
        {
          name: 'golden',
          schemas: [
            { name: 'all', tables: tables.map(({ archive: _, ...table }: Shared) => table) },
          ],
        },
      ],
      recipients: [
        {
          name: 'test',
          shares: ['golden'],
          tokens: [{ sha256: tokenHash(token).toString('hex') }],
        },
      ],
    }),
    { folder, path: 'test' },
  )
  server = await startServer(config)
})
afterAll(async () => {
  await server.close(1000)
  await provider.close()
  rmSync(folder, { recursive: true, force: true })
})

async function rowsOf(rows: TableRows, snapshot: Snapshot): Promise<readonly string[]> {
  const answer = rows.rows(snapshot)
  // The wire has no UUID: it travels as its bytes.
  const fields = answer.fields.map(field =>
    field.type === 'uuid' ? { ...field, type: 'binary' as const } : field,
  )
  const found: string[] = []
  for await (const block of answer.rows) {
    for (const row of block) found.push(JSON.stringify(rowJson(row, fields)))
  }
  return found.sort()
}

/** Rows as the provider has them; undefined where their files cannot be read as rows at all. */
async function direct(table: (typeof tables)[number]): Promise<readonly string[] | undefined> {
  try {
    const snapshot = await provider.engine().snapshot(sourceOf(table, folder))
    return await rowsOf(provider.rows, snapshot)
  } catch (error) {
    if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
    throw error
  }
}

/** Plain Parquet answers have no way to say that a timestamp has no zone. */
async function hasZonelessTime(table: (typeof tables)[number]): Promise<boolean> {
  const { schema } = await provider.engine().snapshot(sourceOf(table, folder))
  const has = ({ type }: Field): boolean =>
    type === 'timestamp' || (childrenOf(type)?.some(has) ?? false)
  return schema.fields.some(has)
}

const FORMATS = [
  [
    'delta format',
    {
      formats: ['delta' as const],
      readerFeatures: [
        'deletionvectors',
        'columnmapping',
        'timestampntz',
        'typewidening',
        'v2checkpoint',
      ],
    },
  ],
  ['plain Parquet', { formats: ['parquet' as const] }],
] as const

describe.each(FORMATS)('through the share, as %s', (_, capabilities) => {
  it.each(spreadOf(tables, 8))('$format/$name has the rows of the table', async table => {
    const expected = await direct(table)
    const client = createSharingClient(
      parseProfile(profileText({ endpoint: server.endpoint, bearerToken: token })),
      { retry: { retries: 0 } },
    )
    const query = async () =>
      receivedTable(
        await client.query(parseTableName(`golden.all.${table.name}`), { capabilities }),
      )
    if (expected === undefined) {
      await expect(query()).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
      return
    }
    if ('readerFeatures' in capabilities === false && (await hasZonelessTime(table))) {
      await expect(query()).rejects.toThrow(/timestampNtz/)
      return
    }
    const shared = await query()
    const recipient = compose({ stores: [{ scheme: 'shared', store: shared.store }], duckdb })
    const snapshot = await recipient
      .engine()
      .snapshot({ location: shared.location, format: 'delta' })
    expect(await rowsOf(recipient.rows, snapshot)).toEqual(expected)
  })
})
