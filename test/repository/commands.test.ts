import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

it('describes every command of package.json in CONTRIBUTING', () => {
  const rows = read('CONTRIBUTING.md').match(/^\| `.*$/gm) ?? []
  const described = rows.flatMap(row =>
    Array.from(row.matchAll(/`npm (?:run )?([\w:]+)/g), ([, name]) => name),
  )
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  expect([...new Set(described)].sort()).toEqual(Object.keys(scripts).sort())
})
