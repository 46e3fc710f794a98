import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  bundledPackages,
  folderOfPackage,
  packagesIn,
  thirdPartyText,
} from '../../scripts/packages/bundled-licences.mjs'
import { problemsOfBundle } from '../../scripts/packages/check-bundle.mjs'
import { writeFolder } from '../../scripts/packages/write-folder.mjs'

const folder = mkdtempSync(join(tmpdir(), 'spillway-licences-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A module of a package that lies below `node_modules`, with the files beside its manifest. */
function moduleOf(name: string, license: string, files: Readonly<Record<string, string>> = {}) {
  const at = join(folder, 'node_modules', name)
  mkdirSync(at, { recursive: true })
  const manifest = JSON.stringify({ name, version: '1.0.0', license })
  for (const [file, text] of Object.entries({ 'package.json': manifest, ...files }))
    writeFileSync(join(at, file), text)
  return join(at, 'lib', 'index.js')
}

const textOf = (...moduleIds: readonly string[]) => thirdPartyText(bundledPackages([{ moduleIds }]))

describe('the licences of what is bundled', () => {
  it('stand once each, below those that come under them, with what Apache wants handed on', () => {
    const text = textOf(
      moduleOf('b', 'MIT', { LICENSE: 'MIT, of one\r\nand others' }),
      moduleOf('@a/a', 'MIT', { 'LICENCE.md': 'MIT, of one\nand others\n' }),
      moduleOf('c', 'Apache-2.0', { LICENSE: 'Apache', 'NOTICE.txt': 'made by c' }),
      join(folder, 'packages', 'own', 'dist', 'index.js'),
      '\0virtual',
    )
    const rule = '-'.repeat(100)
    expect(text.split('\n').slice(2)).toEqual([
      rule,
      '* @a/a 1.0.0 (MIT)',
      '* b 1.0.0 (MIT)',
      '',
      'MIT, of one',
      'and others',
      '',
      rule,
      '* c 1.0.0 (Apache-2.0)',
      '',
      'Apache',
      '',
      'made by c',
      '',
    ])
    expect([...packagesIn(text)]).toEqual(['@a/a 1.0.0', 'b 1.0.0', 'c 1.0.0'])
  })

  it('are there of a package that names Apache alone, and brings no copy', () => {
    expect(textOf(moduleOf('bare', 'Apache-2.0'))).toContain('http://www.apache.org/licenses/')
  })

  it('have to be there of every other', () => {
    const bare = moduleOf('untold', 'MIT')
    expect(() => textOf(bare)).toThrow('untold is bundled, says "license": "MIT"')
  })

  it('are those of the package that a module lies in, however deep', () => {
    expect(folderOfPackage('/r/node_modules/.pnpm/@a+b@1.0.0/node_modules/@a/b/x/y.js')).toBe(
      '/r/node_modules/.pnpm/@a+b@1.0.0/node_modules/@a/b',
    )
    expect(folderOfPackage('/r/packages/core/dist/index.js')).toBeUndefined()
  })
})

describe('a bundle', () => {
  const MAIN = `import { a } from "./a.js";
import { readFile } from "node:fs";
// ../../node_modules/.pnpm/@a+b@1.0.0_peer@2.0.0/node_modules/@a/b/x/y.js
/**
 * import { z } from "zod";
 */
const native = __require("@duckdb/node-bindings");
const later = () => import("./a.js");
`
  const sound = { 'main.js': MAIN, 'a.js': 'export const a = 1\n' }
  const problems = (code: Readonly<Record<string, string>>, thirdParty = '* @a/b 1.0.0 (MIT)\n') =>
    problemsOfBundle({
      code: new Map(Object.entries(code)),
      thirdParty,
      dependencies: { '@duckdb/node-bindings': '1.0.0' },
    })

  it('that asks for its own files, dependencies and Node is sound', () => {
    expect(problems(sound)).toEqual([])
  })

  it.each([
    ['import { z } from "zod";', 'main.js asks for zod, which is neither bundled nor a dependency'],
    ['export { z } from "zod";', 'main.js asks for zod, which is neither bundled nor a dependency'],
    ['import "zod";', 'main.js asks for zod, which is neither bundled nor a dependency'],
    [
      'const z = __require("zod")',
      'main.js asks for zod, which is neither bundled nor a dependency',
    ],
    ['await import("./b.js")', 'main.js asks for ./b.js, which is not there'],
  ])('%s', (line, problem) => {
    expect(problems({ ...sound, 'main.js': `${MAIN}${line}\n` })).toEqual([problem])
  })

  it("has DuckDB's client of the version of DuckDB that it depends on", () => {
    expect(problems(sound, '* @a/b 1.0.0 (MIT)\n* @duckdb/node-api 1.0.1 (MIT)\n')).toEqual([
      '@duckdb/node-api 1.0.1 is bundled, and depends on @duckdb/node-bindings 1.0.0: they have one version',
    ])
    expect(problems(sound, '* @a/b 1.0.0 (MIT)\n* @duckdb/node-api 1.0.0 (MIT)\n')).toEqual([])
  })

  it('names everybody whose code it holds', () => {
    expect(problems(sound, '* @a/b 1.0.1 (MIT)\n')).toEqual([
      'main.js holds @a/b 1.0.0, which THIRD-PARTY.txt does not name',
    ])
  })
})

it('is written over what is there: what is the same is not touched, what is no longer of it is removed', () => {
  const at = join(folder, 'bundle')
  writeFolder(
    at,
    new Map([
      ['same.js', '1'],
      ['changed.js', '2'],
      ['gone.js', '3'],
    ]),
  )
  const long = new Date('2020-01-01T00:00:00Z')
  for (const name of readdirSync(at)) utimesSync(join(at, name), long, long)
  writeFolder(
    at,
    new Map([
      ['same.js', '1'],
      ['changed.js', '4'],
      ['new.js', '5'],
    ]),
  )
  const texts = readdirSync(at).map(name => [name, readFileSync(join(at, name), 'utf8')])
  expect(texts.sort()).toEqual([
    ['changed.js', '4'],
    ['new.js', '5'],
    ['same.js', '1'],
  ])
  expect(statSync(join(at, 'same.js')).mtime).toEqual(long)
  expect(statSync(join(at, 'changed.js')).mtime).not.toEqual(long)
})

const built = new URL('../../packages/spillway/dist/bundle/THIRD-PARTY.txt', import.meta.url)

it.skipIf(!existsSync(built))('the built command names whose code it holds', () => {
  const files = readdirSync(new URL('.', built)).filter(name => name.endsWith('.js'))
  const code = new Map(files.map(name => [name, readFileSync(new URL(name, built), 'utf8')]))
  const manifest = new URL('../../packages/spillway/package.json', import.meta.url)
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
  const thirdParty = readFileSync(built, 'utf8')
  expect(problemsOfBundle({ code, thirdParty, dependencies })).toEqual([])
  // Not because nothing is found: what is known to be within is missed where it is not named.
  expect(problemsOfBundle({ code, thirdParty: '', dependencies }).join()).toMatch(/holds zod .*/)
})
