#!/usr/bin/env node
// Runs the cases of public reports through the ways that the shared check knows, where that is present. Arguments are names of
// cases and the check's own options.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const shared = join('..', 'shared')
const checker = join(shared, 'check', 'check-reports.py')
if (!existsSync(checker)) {
  console.log(
    'skipped: ../shared is absent, and the tables of reports are not part of this repository',
  )
  process.exit(0)
}
const python = join('.venv', 'interop', 'bin', 'python')
if (!existsSync(join('.venv', 'interop', 'installed'))) {
  const { status } = spawnSync('bash', ['test/interop/setup.sh'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
// Moments without a zone are UTC: the clients take the zone of the process.
const { status } = spawnSync(
  python,
  [checker, join(shared, 'fixtures', 'reports'), ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, TZ: 'UTC' } },
)
process.exit(status ?? 1)
