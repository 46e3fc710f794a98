import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const CHECK = fileURLToPath(new URL('../../scripts/check-rooms.mjs', import.meta.url))

/** What the check says of packages, each the texts of its files in order. */
function check(packages: Readonly<Record<string, readonly string[]>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-rooms-'))
  try {
    for (const [name, texts] of Object.entries(packages)) {
      const sources = join(folder, 'packages', name, 'src')
      mkdirSync(sources, { recursive: true })
      for (const [i, text] of texts.entries()) writeFileSync(join(sources, `${i}.ts`), text)
    }
    const { stderr } = spawnSync(process.execPath, [CHECK], { cwd: folder, encoding: 'utf8' })
    return stderr.trimEnd().split('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const lines = (line: string, count: number) => `${line}\n`.repeat(count)

/** Functions of `n` lines: each has most of them in another part. */
const FUNCTIONS: readonly ((n: number) => string)[] = [
  n => `export function f() {\n${lines('  g()', n - 2)}}`,
  n => `export const f = (): void => {\n${lines('  g()', n - 2)}}`,
  n => `export const f = () => [\n${lines('  1,', n - 2)}]`,
  n => `export function f(\n${lines('  a,', n - 3)}) {\n}`,
  n => `export function f() {\n${lines('  // für später', n - 2)}}`,
  n => `export function f() {\n  return \`\n${lines('wörter', n - 4)}\`\n}`,
  n => `export class F { async f(\n${lines('  a,', n - 3)}) {\n} }`,
  n => `export class F { get f() {\n${lines('  g()', n - 2)}} }`,
  n => `export async function* f() {\n${lines('  yield 1', n - 2)}}`,
]

it('counts every line of a function, from its first to its last', () => {
  const ofLength = (n: number) => FUNCTIONS.map(write => `// ü\n${write(n)}\n`)
  expect(check({ short: ofLength(60), long: ofLength(61) })).toEqual(
    FUNCTIONS.map((_, i) => `rooms: packages/long/src/${i}.ts:2 is a function of 61 lines`),
  )
})
