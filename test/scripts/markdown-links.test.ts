import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { problemsOfLinks } from '../../scripts/documents/check-links.mjs'
import { anchorsIn, linksIn, mapLinks, targetOf } from '../../scripts/documents/markdown-links.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-links-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('links are found', () => {
  it.each([
    ['in a text, a table and a heading', '# [a](a)\nsee [b c](b.md#x)\n| [`d`](d) |', 3],
    ['with brackets in their text', '[`x[0]`](a)', 1],
    ['that are images', '![a picture](a.png)', 1],
    ['behind code', '`a[0]` [b](b) ``c`[d](e)``', 1],
    ['not in blocks', '```md\n[a](a)\n```\n[b](b)', 1],
    ['not in blocks of lists', '- one\n\n  ```md\n  [a](a)\n  ```\n  [b](b)', 1],
    ['not in blocks with longer fences', '````md\n```\n[a](a)\n```\n````', 0],
  ])('%s', (_, text, count) => expect(linksIn(text)).toHaveLength(count))

  it('and replaced, with everything else as it was', () => {
    const text = '`[a](a)` [b](b) *c* ![d](d)\n'
    expect(
      mapLinks(text, ({ image, text, href }) => `<${image ? 'image ' : ''}${text}:${href}>`),
    ).toBe('`[a](a)` <b:b> *c* <image d:d>\n')
  })
})

it('names where a link leads from the root of the repository', () => {
  expect(targetOf('../b.md#c', 'docs/a.md')).toEqual({ path: 'b.md', anchor: 'c' })
  expect(targetOf('#c', 'docs/a.md')).toEqual({ path: 'docs/a.md', anchor: 'c' })
  expect(targetOf('b%20c/', 'docs/a.md')).toEqual({ path: 'docs/b c', anchor: undefined })
})

it('makes the anchors that hosts of repositories make', () => {
  const text =
    '# One: `two` & three\n## Same\n## Same\n```\n# no heading\n```\n### [A link](x) to é_1\n'
  expect([...anchorsIn(text)]).toEqual(['one-two--three', 'same', 'same-1', 'a-link-to-é_1'])
})

it('finds links that lead nowhere', () => {
  writeFileSync(
    join(folder, 'a.md'),
    '# One\n[](b.md) [](a.md#one) [](#two) [](../x) [](https://x/y)',
  )
  expect(problemsOfLinks('a.md', folder)).toEqual([
    'a.md: (b.md) leads nowhere',
    'a.md: (#two) names a heading that is not there',
    'a.md: (../x) leads nowhere',
  ])
})

it('every link of every document leads somewhere', () => {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
  })
  const documents = String(listed)
    .trim()
    .split('\n')
    // Reports are the extractor's, fixtures are others'.
    .filter(path => !/\/api\.md$|^test\/fixtures\/.*\//.test(path))
  expect(documents.length).toBeGreaterThan(50)
  expect(documents.flatMap(path => problemsOfLinks(path, root))).toEqual([])
})
