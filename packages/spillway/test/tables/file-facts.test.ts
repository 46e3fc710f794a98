import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  ['dv-delete', /plain Parquet clients:? +need staging: the table uses deletionVectors/],
  ['mapping-name', /plain Parquet clients:? +need staging: the table uses columnMapping/],
  ['timestamp-ntz', /plain Parquet clients:? +refused: the table uses timestampNtz/],
])('of %s both say whom its metadata keeps from it', async (name, expected) => {
  const location = `${fixtures}/delta/${name}`
  const inspected = await run(['inspect', location, '--files'])
  expect(inspected.stdout).toMatch(expected)
  expect(inspected.stdout).not.toMatch(/Delta clients +(need|refused)/)
  const shares = [{ name: 's', schemas: [{ name: 'm', tables: [{ name: 't', location }] }] }]
  writeFileSync(join(folder, 'declared.yaml'), JSON.stringify({ shares }))
  const { stdout } = await run(['doctor', '--config', join(folder, 'declared.yaml')])
  expect(stdout).toMatch(expected)
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
