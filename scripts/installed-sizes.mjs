#!/usr/bin/env node
// What an installation takes: packs the packages, installs each set of docs/embedding.md into an empty folder with npm,
// and compares with the table there. It fails past 15 %; `--write` writes the table.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from './packages/pack.mjs'

const DOCUMENT = 'docs/embedding.md'
const TOLERANCE = 0.15
const SETS = [
  ['the client alone', ['@spillway/client']],
  [
    'the engine alone, local files',
    [
      '@spillway/engine',
      '@spillway/delta',
      '@spillway/iceberg',
      '@spillway/hudi',
      '@spillway/parquet',
      '@spillway/storage',
    ],
  ],
  ['SQL over shares', ['@spillway/duckdb']],
  ['everything', ['spillway']],
]

const folder = mkdtempSync(join(tmpdir(), 'spillway-sizes-'))
try {
  const tarballs = packed(join(folder, 'packed'))
  const measured = SETS.map(([name, wanted]) => [name, wanted, measure(wanted, tarballs)])
  if (process.argv.includes('--write')) write(measured)
  else process.exitCode = compare(measured)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function packed(destination) {
  return Object.fromEntries(packAll(destination).map(({ name, path }) => [name, `file:${path}`]))
}

function measure(wanted, tarballs) {
  const at = mkdtempSync(join(folder, 'installed-'))
  const dependencies = Object.fromEntries(wanted.map(name => [name, tarballs[name]]))
  const overrides = Object.fromEntries(
    Object.entries(tarballs).filter(([name]) => !(name in dependencies)),
  )
  writeFileSync(
    join(at, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides }),
  )
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: at })
  const modules = join(at, 'node_modules')
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
  return { megabytes: bytesOf(modules) / 1e6, packages: Object.keys(packages).length }
}

function bytesOf(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const inner = join(path, entry.name)
    if (entry.isSymbolicLink()) return sum
    return sum + (entry.isDirectory() ? bytesOf(inner) : statSync(inner).size)
  }, 0)
}

function write(measured) {
  const rows = measured.map(
    ([name, wanted, { megabytes, packages }]) =>
      `| ${name} | ${wanted.map(each => `\`${each}\``).join(', ')} | ${shown(megabytes)} MB | ${packages} |`,
  )
  const text = readFileSync(DOCUMENT, 'utf8')
  const table = /(\| what \|.*\n\|[-|]+\n)(?:\|.*\n)+/
  if (!table.test(text)) throw new Error(`${DOCUMENT} has no table of sizes`)
  writeFileSync(DOCUMENT, text.replace(table, `$1${rows.join('\n')}\n`))
}

function shown(megabytes) {
  return megabytes < 10 ? megabytes.toFixed(1) : megabytes.toFixed(0)
}

function compare(measured) {
  const text = readFileSync(DOCUMENT, 'utf8')
  let problems = 0
  for (const [name, , { megabytes, packages }] of measured) {
    const stated = Number(new RegExp(`^\\| ${name} \\|.*\\| ([\\d.]+) MB \\|`, 'm').exec(text)?.[1])
    const isTrue = Math.abs(megabytes / stated - 1) <= TOLERANCE
    console.log(
      `${name}: ${shown(megabytes)} MB in ${packages} packages, ${DOCUMENT} says ${stated}`,
    )
    if (!isTrue) problems++
  }
  console.log(`${measured.length} sizes checked, ${problems} problems`)
  return problems === 0 ? 0 : 1
}
