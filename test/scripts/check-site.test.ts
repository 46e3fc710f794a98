import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { problemsOfSite } from '../../site/src/check-site.mjs'

const folder = mkdtempSync(join(tmpdir(), 'spillway-site-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(pages: Record<string, string>): string {
  const at = mkdtempSync(join(folder, 'site-'))
  for (const [name, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(at, name)), { recursive: true })
    writeFileSync(join(at, name), text)
  }
  return at
}

it('finds nothing wrong with links between pages, below the base', () => {
  const at = write({
    'index.html':
      '<a href="/x/b/">b</a><a class="k" href="/x/b/#one">one</a><a href="https://x">x</a>',
    'b/index.html':
      '<h1 id="one">1</h1><a href="../index.html">up</a><a href="#one">1</a><a href="/x/c">c</a>',
    'c.html': '<a href="./b/index.html#one">1</a><a href="/x/d.json">d</a>',
    'd.json': '{}',
  })
  expect(problemsOfSite(at, '/x/')).toEqual([])
})

it('finds links and anchors that lead nowhere, and what comes from elsewhere', () => {
  const at = write({
    'index.html': `<a href="/x/gone.html">g</a><a href="/b.html">b</a><a href="#two">2</a><a href="/x/gone.json">j</a>
      <script src="https://cdn.example/a.js"></script><link rel="stylesheet" href="//fonts.example/b.css">`,
    'b.html': '<a href="/x/gone.html">g</a>',
  })
  expect([...problemsOfSite(at, '/x/')].sort()).toEqual([
    'b.html and 1 more: /x/gone.html leads nowhere',
    'index.html: #two names nothing on that page',
    'index.html: /b.html leaves /x/',
    'index.html: /x/gone.json leads nowhere',
    'index.html: fetches //fonts.example/b.css',
    'index.html: fetches https://cdn.example/a.js',
  ])
})
