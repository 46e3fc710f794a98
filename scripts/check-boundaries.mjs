#!/usr/bin/env node
// Holds the arrows of docs/architecture.md as data and compares them with each package.json, each tsconfig.json and
// every import: an arrow goes down the page only, no format package imports another, and what runs in browsers has
// nothing of Node's.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FORMATS = ['delta', 'iceberg', 'hudi', 'parquet']

/** What each package may import: workspace packages, then third-party packages. */
const ALLOWED = {
  core: [[], []],
  encoding: [['core'], ['fzstd', 'hysnappy', 'zstddec']],
  storage: [
    ['core'],
    ['@aws-sdk/client-s3', '@aws-sdk/credential-providers', '@aws-sdk/client-sts'],
  ],
  delta: [['core', 'encoding'], ['zod']],
  iceberg: [['core', 'encoding'], ['zod']],
  hudi: [['core', 'encoding'], ['zod']],
  parquet: [['core', 'encoding'], []],
  assets: [['core'], ['yaml']],
  planner: [['core'], []],
  engine: [['core', 'encoding', 'planner'], []],
  protocol: [['core'], ['zod']],
  server: [
    ['core', 'assets', 'engine', 'protocol'],
    ['hono', 'zod'],
  ],
  client: [['core', 'assets', 'protocol'], []],
  mcp: [['core', 'assets'], ['@modelcontextprotocol/server']],
  rows: [
    ['core', 'encoding'],
    ['@duckdb/node-api', 'apache-arrow'],
  ],
  duckdb: [
    ['core', 'encoding', 'planner', 'delta', 'protocol', 'client', 'rows'],
    ['@duckdb/node-api', 'apache-arrow'],
  ],
  testkit: [
    ['core', 'encoding'],
    ['fast-check', 'vitest'],
  ],
  spillway: [
    [
      'core',
      'encoding',
      'storage',
      ...FORMATS,
      'assets',
      'planner',
      'engine',
      'protocol',
      'server',
      'client',
      'mcp',
      'rows',
      'duckdb',
    ],
    [
      '@duckdb/node-bindings',
      'commander',
      'prom-client',
      'yaml',
      'zod',
      'hono',
      '@hono/node-server',
    ],
  ],
}

/** Entries that run in browsers: whatever they reach in this repository uses the web's own interfaces alone. */
const BROWSER_ENTRIES = [
  'packages/assets/src/index.ts',
  'packages/client/src/index.ts',
  'packages/protocol/src/wire.ts',
]

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g

const problems = []
for (const name of readdirSync('packages')) {
  const allowed = ALLOWED[name]
  if (allowed === undefined) {
    problems.push(`packages/${name} is not in the table of scripts/check-boundaries.mjs`)
    continue
  }
  const [workspace, thirdParty] = allowed
  const may = new Set([...workspace.map(dependency => `@spillway/${dependency}`), ...thirdParty])
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (!may.has(dependency))
      problems.push(`packages/${name}/package.json depends on ${dependency}`)
  }
  checkExports(name, manifest.exports)
  const references =
    JSON.parse(readFileSync(`packages/${name}/tsconfig.json`, 'utf8')).references ?? []
  for (const { path } of references) {
    if (!workspace.includes(path.replace('../', ''))) {
      problems.push(`packages/${name}/tsconfig.json refers to ${path}`)
    }
  }
  for (const file of sourceFiles(`packages/${name}/src`)) checkImports(file, may)
}

/** Every export has its source under our own condition: without it, tests would run from the last build. */
function checkExports(name, entries) {
  for (const [entry, conditions] of Object.entries(entries)) {
    // A file of data has no source to be built from.
    if (typeof conditions === 'string' && conditions.endsWith('.json')) continue
    const at = `packages/${name}/package.json exports ${entry}`
    const [first] = Object.keys(conditions)
    if (first !== '@spillway/source') problems.push(`${at} under ${first} before @spillway/source`)
    else if (!existsSync(join('packages', name, conditions[first])))
      problems.push(`${at} from ${conditions[first]}, which is missing`)
  }
}

function checkImports(file, may) {
  const text = readFileSync(file, 'utf8')
  for (const [, specifier] of text.matchAll(IMPORT)) {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
    const parts = specifier.split('/')
    const imported = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
    if (!may.has(imported)) problems.push(`${file} imports ${specifier}`)
  }
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) yield* sourceFiles(path)
    else if (path.endsWith('.ts')) yield path
  }
}

for (const entry of BROWSER_ENTRIES) checkBrowser(entry, new Set())

function checkBrowser(file, seen) {
  if (seen.has(file)) return
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g, '')
  const [global] = code.match(/\b(?:Buffer|process|require|__dirname|setImmediate)\b/) ?? []
  if (global) problems.push(`${file} runs in browsers and uses ${global}`)
  for (const [, specifier] of text.matchAll(IMPORT)) {
    if (specifier.startsWith('node:')) {
      problems.push(`${file} runs in browsers and imports ${specifier}`)
    } else if (specifier.startsWith('.')) {
      checkBrowser(join(dirname(file), specifier.replace(/\.js$/, '.ts')), seen)
    } else if (specifier.startsWith('@spillway/')) {
      checkBrowser(sourceOf(specifier), seen)
    }
  }
}

function sourceOf(specifier) {
  const [, name, ...path] = specifier.split('/')
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  return join('packages', name, manifest.exports[['.', ...path].join('/')]['@spillway/source'])
}

for (const problem of problems) console.error(`boundary: ${problem}`)
console.log(
  `${Object.keys(ALLOWED).length} packages checked, ${problems.length} arrows out of place`,
)
process.exit(problems.length === 0 ? 0 : 1)
