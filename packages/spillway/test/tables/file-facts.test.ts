import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { duckDb } from '@spillway/rows'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../support/terminal.js'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-facts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const real = (name: string) => `${fixtures}/real/iceberg/${name}`
const table = (name: string) => {
  const { rebase } = JSON.parse(readFileSync(`${real(name)}/expect.json`, 'utf8'))
  const rules = (rebase as { from: string; to: string }[]).map(({ from, to }) => ({
    from,
    to: `${real(name)}/${to}/`,
  }))
  const options = rules.flatMap(({ from, to }) => ['--rebase', `${from}=${to}`])
  return { location: `${real(name)}/table`, rules, options }
}

describe('inspect --files', () => {
  const { location, options } = table('outside-imported')

  it('counts files without ids, and how they reach whom', async () => {
    const { stdout } = await run(['inspect', location, ...options, '--files', '--json'])
    expect(JSON.parse(stdout).recipients).toMatchObject({
      looked: 2,
      complete: true,
      withoutIds: 1,
      plainParquet: { asTheyAre: 2, viewed: 0, rewritten: 0, refused: 0, misfits: [] },
    })
    const text = await run(['inspect', location, ...options, '--files'])
    expect(text.stdout).toMatch(/footers +2 read; 1 have no field ids/)
    expect(text.stdout).toMatch(/plain Parquet clients +all files as they are/)
  })

  it('reads no footer unless it is asked to, nor where the metadata tells', async () => {
    const { stdout } = await run(['inspect', location, ...options, '--json'])
    expect(JSON.parse(stdout).recipients).toBeUndefined()
    const delta = await run(['inspect', `${fixtures}/delta/plain`, '--files', '--json'])
    expect(JSON.parse(delta.stdout).recipients).toBeNull()
    const text = await run(['inspect', `${fixtures}/delta/plain`, '--files'])
    expect(text.stdout).toMatch(/footers +not read: the table's metadata tells/)
  })

  it('says why files are not sent as they are, by kind', async () => {
    const evolved = `${fixtures}/iceberg`
    const { tables } = JSON.parse(readFileSync(`${evolved}/catalogue.json`, 'utf8'))
    const golden = (
      tables as { name: string; folder: string; rebase?: { from: string; to?: string }[] }[]
    ).find(each => each.name === 'spark-v2-schema-evolution')!
    const rules = (golden.rebase ?? []).flatMap(({ from, to }) => [
      '--rebase',
      `${from}=${to ?? ''}`,
    ])
    const { stdout } = await run([
      'inspect',
      `${evolved}/${golden.folder}`,
      ...rules,
      '--files',
      '--json',
    ])
    const { plainParquet } = JSON.parse(stdout).recipients
    expect(plainParquet.rewritten + plainParquet.viewed).toBeGreaterThan(0)
    expect(plainParquet.misfits).toContainEqual(
      expect.objectContaining({ kind: 'name', column: 'gone', files: 1 }),
    )
  })
})

it.each([
  ['dv-delete', 'need staging', 'the table uses deletionVectors'],
  ['mapping-name', 'need staging', 'the table uses columnMapping'],
  ['timestamp-ntz', 'refused', 'the table uses timestampNtz'],
])('of %s both say whom its metadata keeps from it', async (name, answer, reason) => {
  const expected = new RegExp(`plain Parquet clients +${answer}: ${reason}`)
  const location = `${fixtures}/delta/${name}`
  const inspected = await run(['inspect', location, '--files'])
  expect(inspected.stdout).toMatch(expected)
  expect(inspected.stdout).not.toMatch(/Delta clients +(need|refused)/)
  const shares = [{ name: 's', schemas: [{ name: 'm', tables: [{ name: 't', location }] }] }]
  const doctor = async (config: object) => {
    writeFileSync(join(folder, 'declared.yaml'), JSON.stringify(config))
    return (await run(['doctor', '--config', join(folder, 'declared.yaml')])).stdout
  }
  const without = answer === 'refused' ? answer : 'refused, for no staging is configured'
  expect(await doctor({ shares })).toMatch(
    new RegExp(`^! s\\.m\\.t .*plain Parquet clients: ${without}: ${reason}`, 'm'),
  )
  const staging = { location: join(folder, 'staging') }
  expect(await doctor({ shares, staging })).toMatch(
    answer === 'refused'
      ? /^! s\.m\.t .*plain Parquet clients: refused: the table uses/m
      : new RegExp(`^✓ s\\.m\\.t .*: served by rewriting into staging: ${reason}`, 'm'),
  )
})

/** A folder of Parquet files that DuckDB writes, one for each query. */
async function parquetFolder(name: string, ...queries: readonly string[]): Promise<string> {
  const location = join(folder, name)
  mkdirSync(location)
  const duckdb = duckDb()
  const connection = await duckdb.connect()
  for (const [i, query] of queries.entries())
    await connection.run(`COPY (${query}) TO '${location}/${i}.parquet'`)
  connection.close()
  await duckdb.close()
  return location
}

it('promises no rewriting of what no answer can say, and says what a query would', async () => {
  const location = await parquetFolder('clock', "SELECT 1 AS id, TIME '10:00:00' AS t")
  const said = /column t has type time, which the Delta Sharing schema cannot express in any format/
  const { stdout } = await run(['inspect', location, '--files'])
  expect(stdout).toMatch(new RegExp(`plain Parquet clients +refused: ${said.source}`))
  expect(stdout).toMatch(new RegExp(`Delta clients +refused: ${said.source}`))
  expect(stdout).not.toContain('staging')
  const json = JSON.parse((await run(['inspect', location, '--files', '--json'])).stdout)
  expect(json).toMatchObject({
    recipients: null,
    declared: { delta: { answer: 'refused', reason: expect.stringMatching(said) } },
  })
  const shares = [{ name: 's', schemas: [{ name: 'm', tables: [{ name: 't', location }] }] }]
  writeFileSync(join(folder, 'clock.yaml'), JSON.stringify({ shares }))
  const doctor = await run(['doctor', '--config', join(folder, 'clock.yaml')])
  expect(doctor.stdout).toMatch(new RegExp(`^✗ s\\.m\\.t .*${said.source}`, 'm'))
})

it('tells files that doctor finds refused without staging, and rewritten with it, from those sent as they are', async () => {
  const location = await parquetFolder('widened', 'SELECT 1::INT AS id', 'SELECT 2::BIGINT AS id')
  const shares = [{ name: 's', schemas: [{ name: 'm', tables: [{ name: 't', location }] }] }]
  const doctor = async (config: object) => {
    writeFileSync(join(folder, 'widened.yaml'), JSON.stringify(config))
    return (await run(['doctor', '--config', join(folder, 'widened.yaml')])).stdout
  }
  expect(await doctor({ shares })).toMatch(
    /^! s\.m\.t .*1 of 2 files refused, for no staging is configured.*Delta clients: all files as they/m,
  )
  expect(await doctor({ shares, staging: { location: join(folder, 'staging') } })).toMatch(
    /^✓ s\.m\.t .*1 of 2 files rewritten into staging/m,
  )
  // Reader features are a word of Delta's.
  const inspected = await run(['inspect', location])
  expect(inspected.stdout).not.toContain('reader features')
  const delta = await run(['inspect', `${fixtures}/delta/dv-delete`])
  expect(delta.stdout).toMatch(/reader features +deletionVectors/)
})

it('says of a type that both call alike that the recipient does not read it there', async () => {
  const location = await parquetFolder('keys', 'SELECT [uuid()] AS keys')
  const { stdout } = await run(['inspect', location, '--files'])
  expect(stdout).not.toMatch(/is (\w+) in it, and \1 in the table/)
  expect(stdout).toMatch(
    /column keys\.\w+ is uuid in it, which this recipient does not read in a list/,
  )
})

it('does not say of a table with deletes that plain Parquet clients have all files as they are', async () => {
  const { tables } = JSON.parse(readFileSync(`${fixtures}/iceberg/catalogue.json`, 'utf8'))
  const { folder: place, rebase } = (
    tables as { name: string; folder: string; rebase?: { from: string; to?: string }[] }[]
  ).find(each => each.name === 'spark-v2-deletes-file')!
  const rules = (rebase ?? []).flatMap(({ from, to }) => ['--rebase', `${from}=${to ?? ''}`])
  const { stdout } = await run(['inspect', `${fixtures}/iceberg/${place}`, ...rules, '--files'])
  expect(stdout).toMatch(/plain Parquet clients +need staging/)
  expect(stdout).not.toMatch(/plain Parquet clients +all files/)
})

it('doctor says it of every table', async () => {
  const { location, rules } = table('outside-imported')
  const config = {
    shares: [
      {
        name: 's',
        schemas: [
          { name: 'm', tables: [{ name: 't', location, format: 'iceberg', rebase: rules }] },
        ],
      },
    ],
  }
  writeFileSync(join(folder, 'x.yaml'), JSON.stringify(config))
  const { stdout } = await run(['doctor', '--config', join(folder, 'x.yaml'), '--json'])
  const { checks } = JSON.parse(stdout) as { checks: { name: string; detail: string }[] }
  expect(checks.find(({ name }) => name === 's.m.t')?.detail).toMatch(
    /2 files; footers: 2 read; 1 have no/,
  )
})
