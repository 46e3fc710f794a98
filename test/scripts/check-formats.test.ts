import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TYPES = `
export type TableFormat = 'delta' | 'iceberg' | 'hudi' | 'parquet'
export interface Table { readonly format: TableFormat; readonly properties: ReadonlyMap<string, string> }
export interface Answer { readonly format: 'parquet' | 'delta' }
export interface File { readonly fileFormat: 'parquet' | 'orc' | 'avro' }
declare const table: Table
declare const answer: Answer
declare const file: File
declare const text: string
`

/** What the check says of a package whose one function returns `expression`. */
function problemsOf(expression: string): readonly string[] {
  mkdirSync(join(folder, 'src'), { recursive: true })
  writeFileSync(
    join(folder, 'tsconfig.json'),
    '{"include":["src"],"compilerOptions":{"strict":true}}',
  )
  writeFileSync(join(folder, 'src/a.ts'), `${TYPES}export const found = () => ${expression}\n`)
  const check = join(ROOT, 'scripts/check-formats.mjs')
  const { status, stderr } = spawnSync(process.execPath, [check, folder], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  // The compiler that it asks may speak there too.
  const lines = stderr.split('\n').filter(line => line.startsWith('formats: '))
  expect(status).toBe(lines.length === 0 ? 0 : 1)
  return lines.map(line => line.replace(/^formats: .*?a\.ts:\d+ /, ''))
}

it.each([
  ['a comparison', "table.format === 'delta'", 1],
  ['one the other way round', "'parquet' !== table.format", 1],
  [
    'each of several, whatever the first leaves of the type',
    "table.format !== 'iceberg' && table.format !== 'hudi' && table.format === 'delta'",
    3,
  ],
  ['a case', "{ switch (table.format) { case 'parquet': return 1; default: return 2 } }", 1],
  ['a lookup', '({ delta: 1, iceberg: 2, hudi: 3, parquet: 4 })[table.format]', 1],
  ['membership', "new Set<string>(['delta', 'parquet']).has(table.format)", 1],
  ['a comparison of any text', "text === 'delta'", 1],
  ['a key of a property', "table.properties.get('hudi.queryType')", 1],
  ['the beginning of such a key', ['`delta.columnMapping.$', '{text}`'].join(''), 1],
])('finds %s', (_, expression, count) => {
  expect(problemsOf(expression)).toHaveLength(count)
})

it.each([
  ['the format of an answer', "answer.format === 'delta' || answer.format === 'parquet'"],
  ['the format of a file', "file.fileFormat === 'parquet'"],
  ['two formats that are variables', '[table].find(each => each.format === table.format)'],
  ['a comment', "text.length // table.format === 'delta', hudi.queryType"],
])('passes over %s', (_, expression) => {
  expect(problemsOf(expression)).toEqual([])
})
