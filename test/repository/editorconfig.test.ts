import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

/** What `.editorconfig` says of every file that one of `sections` matches. */
function settings(sections: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  let applies = false
  for (const line of read('.editorconfig').split('\n')) {
    const section = /^\[(.+)\]$/.exec(line)?.[1]
    if (section !== undefined) applies = sections.includes(section)
    const [key, value] = line.split(' = ')
    if (applies && key !== undefined && value !== undefined) values.set(key, value)
  }
  return values
}

it('tells editors what biome does to TypeScript', () => {
  const { indentStyle, indentWidth, lineWidth } = JSON.parse(read('biome.json')).formatter
  const told = settings(['*', '*.{ts,mjs,json}'])
  expect({
    indentStyle: told.get('indent_style'),
    indentWidth: Number(told.get('indent_size')),
    lineWidth: Number(told.get('max_line_length')),
  }).toEqual({ indentStyle, indentWidth, lineWidth })
})
