import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { problemsOfTarball } from '../../scripts/packages/check-tarballs.mjs'
import { isIn, unheldNamesOf, withWhereabouts } from '../../scripts/packages/names-of-files.mjs'
import { removeOrphans } from '../../scripts/packages/pack.mjs'
import { browsableUrl, rewriteDocuments } from '../../scripts/packages/packed-documents.mjs'
import { publishedPackages } from '../../scripts/packages/published.mjs'
import { readTarball } from '../../scripts/packages/read-tarball.mjs'

const folder = mkdtempSync(join(tmpdir(), 'spillway-tarballs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MANIFEST = {
  name: '@spillway/some',
  version: '1.2.3',
  description: 'Something',
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=20' },
  sideEffects: false,
  files: ['dist', 'src'],
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  bin: { some: './dist/index.js' },
  publishConfig: { access: 'public', provenance: true },
  dependencies: { '@spillway/core': '1.2.3', zod: '4.6.7' },
}

const FILES = {
  'README.md': '# some\n',
  LICENSE: 'Apache License\n',
  'dist/index.js': '#!/usr/bin/env node\nexport {}\n',
  'dist/index.d.ts': 'export {}\n',
  'src/index.ts': 'export {}\n',
}

let made = 0

/** A tarball as npm makes them, of files and a manifest that differ from sound ones. */
function tarball(files: Record<string, string | undefined> = {}, manifest: object = {}): string {
  const at = join(folder, String(made++))
  const all = { ...FILES, 'package.json': JSON.stringify({ ...MANIFEST, ...manifest }), ...files }
  for (const [name, text] of Object.entries(all)) {
    if (text === undefined) continue
    mkdirSync(dirname(join(at, 'package', name)), { recursive: true })
    writeFileSync(join(at, 'package', name), text)
  }
  execFileSync('tar', ['-czf', join(at, 'some.tgz'), '--format=pax', '-C', at, 'package'])
  return join(at, 'some.tgz')
}

it('finds nothing wrong with a sound tarball', () => {
  expect(problemsOfTarball(tarball())).toEqual([])
})

describe('a bundled command', () => {
  const bundle = {
    'dist/bundle/main.js': `import { z } from "./z.js";
`,
    'dist/bundle/z.js': `// ../../node_modules/.pnpm/zod@4.6.7/node_modules/zod/index.js
export const z = 1
`,
    'dist/bundle/THIRD-PARTY.txt': '* zod 4.6.7 (MIT)\n',
  }

  it('has no sources of its own', () => {
    expect(problemsOfTarball(tarball(bundle))).toEqual([])
  })

  it('says whose code it holds', () => {
    const untold = tarball({ ...bundle, 'dist/bundle/THIRD-PARTY.txt': undefined })
    expect(problemsOfTarball(untold)).toEqual([
      '@spillway/some: z.js holds zod 4.6.7, which THIRD-PARTY.txt does not name',
    ])
  })
})

it('takes a file that is exported by itself', () => {
  const exported = { ...MANIFEST.exports, './README.md': './README.md' }
  expect(problemsOfTarball(tarball({}, { exports: exported }))).toEqual([])
})

it('reads files whose paths are longer than a header holds', () => {
  const name = `dist/${'a-long-folder/'.repeat(20)}file.txt`
  expect(String(readTarball(tarball({ [name]: 'here' })).get(name))).toBe('here')
})

describe('finds in files', () => {
  it.each([
    ['dist/.tsbuildinfo', '{}', 'has dist/.tsbuildinfo, which is not for users'],
    ['src/a.test.ts', 'x', 'has src/a.test.ts, which is not for users'],
    ['dist/test/a.txt', 'x', 'has dist/test/a.txt, which is not for users'],
    ['.env', 'TOKEN=1', 'has .env, which is not for users'],
    ['bench/a.txt', 'x', 'has bench/a.txt, which "files" does not list'],
    ['LICENSE', undefined, 'has no LICENSE'],
    ['README.md', undefined, 'has no README.md'],
    [
      'README.md',
      '[a](../../docs/a.md)',
      'README.md links to ../../docs/a.md, which the package does not',
    ],
    ['src/a.md', '[b](b.md#c)', 'src/a.md links to b.md#c, which the package does not hold'],
    [
      'README.md',
      '# some\n\n`examples/app` is a whole one.\n',
      'README.md names files below examples/, which the package does not hold',
    ],
    ['src/index.ts', undefined, 'has dist/index.js, but no src/index.ts'],
    ['dist/a.txt', 'file:///clone/x', 'dist/a.txt says /clone/'],
    ['dist/index.js', 'export {}', 'the command some (./dist/index.js) does not begin with'],
  ])('%s', (name, text, problem) => {
    expect(problemsOfTarball(tarball({ [name]: text }), { machine: ['/clone/'] })).toEqual([
      expect.stringContaining(problem),
    ])
  })
})

describe('finds in a manifest', () => {
  it.each([
    [{ dependencies: { '@spillway/core': '1.2.2' } }, 'on @spillway/core@1.2.2, not on 1.2.3'],
    [{ dependencies: { zod: '^4.0.0' } }, 'zod@^4.0.0, which is no exact version'],
    [{ devDependencies: { '@spillway/core': 'workspace:*' } }, 'still says "workspace:"'],
    [{ sideEffects: undefined }, 'has no "sideEffects"'],
    [{ publishConfig: { access: 'public' } }, '"publishConfig" is not'],
    [{ engines: {} }, 'has no "engines.node"'],
    [{ exports: { '.': { default: './dist/gone.js' } } }, 'names ./dist/gone.js, which is not'],
    [
      { exports: { ...MANIFEST.exports, './a.json': './a.json' } },
      'exports "./a.json" names ./a.json, which is not there',
    ],
    [
      { exports: { '.': { default: './dist/index.js', types: './dist/index.d.ts' } } },
      'does not end with "default"',
    ],
    [{ repository: { url: 'other' } }, '"repository.url" is not git+https://code.example/x'],
  ])('%j', (manifest, problem) => {
    const repository = { url: 'git+https://code.example/x.git' }
    const sound = { repository, ...manifest }
    expect(problemsOfTarball(tarball({}, sound), { repository })).toEqual([
      expect.stringContaining(problem),
    ])
  })
})

it('removes what the compiler wrote of files that are gone, and nothing else', () => {
  const [dist, src] = [join(folder, 'o', 'dist'), join(folder, 'o', 'src')]
  for (const path of [`${dist}/old`, `${dist}/room`, `${dist}/bundle`, `${src}/room`])
    mkdirSync(path, { recursive: true })
  const own = ['room/a.js', 'room/a.js.map', 'room/a.d.ts', 'room/a.d.ts.map', '.tsbuildinfo']
  const kept = [...own, 'bundle/b.js']
  const gone = ['a.js', 'a.js.map', 'a.d.ts', 'a.d.ts.map', 'old/b.js']
  for (const name of [...kept, ...gone]) writeFileSync(join(dist, name), '')
  writeFileSync(join(src, 'room/a.ts'), '')
  removeOrphans(dist, src, ['bundle'])
  const left = execFileSync('find', ['.', '-mindepth', '1'], { cwd: dist, encoding: 'utf8' })
  expect(left.trim().split('\n').sort()).toEqual(
    ['room', 'bundle', ...kept].map(name => `./${name}`).sort(),
  )
})

it('publishes a package behind all that it depends on', () => {
  const names = publishedPackages().map(({ name }) => name)
  expect(names[0]).toBe('@spillway/core')
  expect(names.at(-1)).toBe('spillway')
  expect(names).not.toContain('@spillway/testkit')
})

describe('documents of a package', () => {
  const rewritten = (repositoryUrl?: string) => {
    const at = join(folder, String(made++))
    const files = {
      'README.md':
        '[guide](../../docs/guide.md#one) [core](../core/README.md) ![p](../../docs/images/p.png) [src](src) `[x](../y)` [web](https://x/y)\n',
      'src/README.md': 'src\n',
      'docs/guide.md':
        '[us](../packages/spillway/README.md) [it](#one) [other](reference/other.md)\n# One\n',
      'docs/reference/other.md': '[up](../guide.md) [test](../../test/README.md#how)\n',
      'docs/images/p.png': '',
    }
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at, name)), { recursive: true })
      writeFileSync(join(at, name), text)
    }
    rewriteDocuments(at, { source: 'packages/spillway', repositoryUrl })
    const read = (name: string) => readFileSync(join(at, name), 'utf8')
    return {
      readme: read('README.md'),
      guide: read('docs/guide.md'),
      other: read('docs/reference/other.md'),
    }
  }

  it('link to what the package holds, and name the rest', () => {
    const { readme, guide, other } = rewritten()
    expect(readme).toBe(
      '[guide](docs/guide.md#one) core ![p](docs/images/p.png) [src](src/README.md) `[x](../y)` [web](https://x/y)\n',
    )
    expect(guide).toBe('[us](../README.md) [it](#one) [other](reference/other.md)\n# One\n')
    expect(other).toBe('[up](../guide.md) test\n')
  })

  it('say below their title which files that they name are of the repository alone', () => {
    const names = ['README.md', 'src/index.ts', 'docs/guide.md', 'docs/start/a.md']
    const isHeld = (path: string) => isIn(names, 'docs/start/a.md', path)
    const text = '# A\n\n`src/index.ts`, `docs/guide.md`, `examples/app` and packages/x/README.md\n'
    const told = withWhereabouts(text, isHeld)
    expect(told).toBe(
      `# A\n\n> Not in this package: files below \`examples/\`, \`packages/\` are of the repository.\n${text.slice(4)}`,
    )
    expect(unheldNamesOf(new Map(names.map(name => [name, Buffer.from(told)])))).toEqual([])
    // Commands, and comments that nobody is shown, name what they like.
    const quiet = '# A\n\n```sh\ncat test/x\n```\n<!-- examples/app -->\n'
    expect(withWhereabouts(quiet, isHeld)).toBe(quiet)
  })

  it('link to the repository where it has an address', () => {
    const url = browsableUrl({ url: 'git+https://code.example/x.git' })
    expect(rewritten(url).other).toBe(
      '[up](../guide.md) [test](https://code.example/x/blob/HEAD/test/README.md#how)\n',
    )
    expect(browsableUrl({ url: 'git@code.example:x.git' })).toBeUndefined()
  })
})
