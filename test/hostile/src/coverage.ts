import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The packages that parse what tables hold: one a format, and what all of them decode bytes with. */
const PARSERS = ['delta', 'iceberg', 'hudi', 'parquet', 'encoding'] as const

export interface BranchCoverage {
  readonly name: (typeof PARSERS)[number]
  readonly covered: number
  readonly total: number
}

export interface CoverageRun {
  /** Processes that have this in their environment write down which branches they took, when they end. */
  readonly environment: Readonly<Record<string, string>>
  /** Branches of the sources, as V8 counts blocks, that any of those processes took. */
  report(): readonly BranchCoverage[]
  close(): void
}

/** Counts the branches of the parsers that a run's processes take. A process that is killed writes nothing. */
export function startCoverage(): CoverageRun {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-coverage-'))
  const taken = join(folder, 'taken')
  return {
    environment: { NODE_V8_COVERAGE: taken },
    report: () => summarize(taken, join(folder, 'report')),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

function summarize(taken: string, to: string): readonly BranchCoverage[] {
  const include = `packages/{${PARSERS.join(',')}}/src/**`
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      createRequire(import.meta.url).resolve('c8/bin/c8.js'),
      'report',
      ...['--temp-directory', taken, '--reports-dir', to, '--reporter', 'json-summary'],
      ...['--exclude-after-remap', '--include', include, '--all', '--src', 'packages'],
    ],
    { cwd: root, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`no report of coverage: ${stderr}`)
  const files = JSON.parse(readFileSync(join(to, 'coverage-summary.json'), 'utf8')) as Record<
    string,
    { readonly branches: { readonly covered: number; readonly total: number } }
  >
  return PARSERS.map(name => {
    const own = Object.entries(files).filter(([file]) => file.includes(`/packages/${name}/src/`))
    const sum = (key: 'covered' | 'total') =>
      own.reduce((all, [, { branches }]) => all + branches[key], 0)
    return { name, covered: sum('covered'), total: sum('total') }
  })
}

/** One line a package. */
export function coverageTable(rows: readonly BranchCoverage[]): string {
  return rows
    .map(({ name, covered, total }) => {
      const share = total === 0 ? 0 : (100 * covered) / total
      return `branches of ${name.padEnd(9)} ${String(covered).padStart(5)} of ${String(total).padStart(5)} taken, ${share.toFixed(1)} %`
    })
    .join('\n')
}
