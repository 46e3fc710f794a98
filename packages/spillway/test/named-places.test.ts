import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from './support/terminal.js'

const real = fileURLToPath(new URL('../../../test/fixtures/real/iceberg', import.meta.url))

interface Expected {
  readonly rows: readonly (readonly unknown[])[]
  readonly columns: readonly { readonly name: string }[]
  readonly rebase: readonly { readonly from: string; readonly to: string }[]
  readonly metadataFile: string
  readonly filters: Readonly<Record<string, number>>
}

/** As the catalogue of cases has them: `{folder}` is the case's own, and other targets are below it. */
function caseOf(name: string) {
  const folder = `${real}/${name}`
  const expected = JSON.parse(readFileSync(`${folder}/expect.json`, 'utf8')) as Expected
  const placed = (path: string) => path.replace('{folder}', folder)
  const rebase = expected.rebase.map(({ from, to }) => ({
    from,
    to: to.includes('{folder}') ? placed(to) : `${folder}/${to}/`,
  }))
  const metadataFile = placed(expected.metadataFile)
  return { expected, source: { location: `${folder}/table`, rebase, metadataFile } }
}

describe.each(['metadata-named', 'metadata-absolute', 'metadata-file-url', 'metadata-apart'])(
  'kind 15: %s',
  name => {
    const { expected, source } = caseOf(name)

    it('is read by batch', async () => {
      const asked = [
        { op: 'rows' },
        ...Object.keys(expected.filters).map(where => ({ op: 'count', where })),
      ]
      const { stdout } = await run(['batch'], {
        stdin: asked
          .map(each => JSON.stringify({ format: 'iceberg', ...source, ...each }))
          .join('\n'),
      })
      const [rows, ...counts] = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      expect(rows).toMatchObject({ ok: true })
      expect(rows.rows).toHaveLength(expected.rows.length)
      expect(rows.rows).toEqual(expect.arrayContaining([...expected.rows]))
      expect(counts.map(({ rows }) => Number(rows))).toEqual(Object.values(expected.filters))
    })

    it('is read by query, whose rules have partition folders in them', async () => {
      const rules = source.rebase.flatMap(({ from, to }) => ['--rebase', `${from}=${to}`])
      const options = ['--format', 'iceberg', '--metadata-file', source.metadataFile, '--json']
      const { stdout } = await run(['query', source.location, ...options, ...rules])
      const rows = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as object)
      expect(rows).toHaveLength(expected.rows.length)
      const names = expected.columns.map(column => column.name)
      const wanted = expected.rows.map(row => Object.fromEntries(names.map((n, i) => [n, row[i]])))
      expect(rows).toEqual(expect.arrayContaining(wanted))
    })
  },
)
