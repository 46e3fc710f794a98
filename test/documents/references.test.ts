import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WIRE_ERRORS } from '@spillway/protocol'
import { DEFAULT_LIMITS } from '@spillway/server'
import { describe, expect, it } from 'vitest'
import { ROUTES } from '../../packages/server/src/routes.js'
import { anchorsIn, linksIn } from '../../scripts/documents/markdown-links.mjs'
import { repository } from './blocks.js'
import { defaultsOf, keysOf, rowsOf, type SchemaNode } from './reference-tables.js'

const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const schema = JSON.parse(read('packages/spillway/config.schema.json')) as SchemaNode

describe('the reference of the configuration', () => {
  const rows = rowsOf(read('docs/reference/configuration.md'))
  const limits = rowsOf(read('docs/security.md'))
  const limitKeys = [...limits.keys()].filter(key => !key.includes(' '))
  const described = new Set([
    ...rows.keys(),
    ...keysNamedIn(read('docs/reference/configuration.md')),
    ...limitKeys.map(key => `server.limits.${key}`),
    // The same keys for one bucket.
    ...[...rows.keys()].map(key => key.replace('storage.s3.', 'storage.buckets[].')),
  ])
  const keys = keysOf(schema)

  it('has every key of the schema', () => {
    expect(keys.length).toBeGreaterThan(100)
    expect(keys.filter(key => !described.has(key))).toEqual([])
  })

  it('has no key that the schema has not', () => {
    expect([...rows.keys()].filter(key => !keys.includes(key))).toEqual([])
  })

  it('has the default of every key that has one', () => {
    const wrong = defaultsOf(schema).filter(([key, value]) => {
      const limit = limits.get(key.replace('server.limits.', ''))
      const row = key.startsWith('server.limits.') ? limit : rows.get(key)
      return row === undefined || !row.includes(String(value))
    })
    expect(wrong).toEqual([])
  })
})

describe('the table of limits', () => {
  const rows = rowsOf(read('docs/security.md'))

  it.each(Object.entries(DEFAULT_LIMITS))('has %s, %s unless it is set', (key, value) => {
    expect(rows.get(key)?.replaceAll(',', '')).toMatch(new RegExp(spellingsOf(value).join('|')))
  })

  it('and has every one of the configuration', () => {
    const ofConfiguration = keysOf(schema).filter(key => key.startsWith('server.limits.'))
    expect(ofConfiguration.length).toBeGreaterThan(10)
    const names = ofConfiguration.map(key => key.replace('server.limits.', ''))
    expect(names.filter(name => !rows.has(name))).toEqual([])
  })
})

it('the reference of HTTP has every route, and no other', () => {
  const text = read('docs/reference/http.md')
  const cells = [...text.matchAll(/`(GET|HEAD|POST) (\/(?:shares|mcp|\.well-known)[^`]*)`/g)]
  const routes = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`)
  expect(cells.map(([, method, path]) => `${method} ${path}`).sort()).toEqual([...routes].sort())
})

it('troubleshooting has a section and a row for every code, as it goes over the wire', () => {
  const text = read('docs/operate/troubleshooting.md')
  const anchors = anchorsIn(text)
  const lines = text.split('\n')
  for (const [code, { status, errorCode }] of Object.entries(WIRE_ERRORS)) {
    expect(anchors).toContain(code.toLowerCase())
    const row = lines.find(line => line.startsWith(`| [\`${code}\`]`))
    expect(row, code).toContain(`${status} \`${errorCode}\``)
    const section = text.split(`\n## ${code}\n`)[1]?.split('\n## ')[0]
    expect(section?.trim().length, code).toBeGreaterThan(100)
  }
  const sections = lines.filter(line => /^## [A-Z_]+$/.test(line)).map(line => line.slice(3))
  expect(sections.sort()).toEqual(Object.keys(WIRE_ERRORS).sort())
})

it('DuckDB is installed at the version that the adapter is built on, wherever a page says how', () => {
  const manifest = JSON.parse(read('packages/duckdb/package.json'))
  const wanted = manifest.dependencies['@duckdb/node-api']
  const pages = [
    'README.md',
    'packages/duckdb/README.md',
    ...readdirSync(join(repository, 'docs/start')).map(name => `docs/start/${name}`),
  ]
  const printed = pages.flatMap(page =>
    [...read(page).matchAll(/install .*@duckdb\/node-api(?:@(\S+))?/g)].map(
      ([, version]) => version,
    ),
  )
  expect(printed.length).toBeGreaterThan(3)
  expect(new Set(printed)).toEqual(new Set([wanted]))
})

it('every page of the documents is offered by the front door, or by a page that is', () => {
  const known = new Set<string>(['README.md'])
  for (const path of known) {
    for (const { href } of linksIn(read(path))) {
      if (!/^[^:]*\.md(#|$)/.test(href)) continue
      const target = join(path, '..', href.split('#')[0]!)
      if (target.startsWith('docs/')) known.add(target)
    }
  }
  const pages = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
  expect(pages.filter(page => !known.has(page))).toEqual([])
})

/** Keys that stand in a line of text, where a table would say nothing more. */
function keysNamedIn(text: string): readonly string[] {
  return [...text.matchAll(/`(limits\.[a-zA-Z]+)`/g)].map(([, key]) => key!)
}

/** A number as people write it: 2097152 is 2 MiB, 259200 stands as it is. */
function spellingsOf(value: number): readonly string[] {
  const units = { MiB: 1024 ** 2, KiB: 1024 }
  const inUnits = Object.entries(units).map(([unit, size]) => `${value / size} ${unit}`)
  return [`\\b${value}\\b`, ...inUnits.filter(text => !text.includes('.'))]
}
