#!/usr/bin/env node
// Runs the shared fixture checks over `spillway batch`, where they are present, and fails where one of them does.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const shared = join('..', 'shared')
const checker = join(shared, 'check', 'check-fixtures.mjs')
const fixtures = join(shared, 'fixtures')
if (!existsSync(checker)) {
  console.log(
    'skipped: ../shared is absent, and the fixture tables are not part of this repository',
  )
  process.exit(0)
}

let failed = false
for (const format of process.argv.slice(2)) {
  const options = ['--fixtures', fixtures, '--format', format, '--min-tightness', '0.95']
  const batch = [process.execPath, 'packages/spillway/dist/bundle/main.js', 'batch']
  const { status } = spawnSync(process.execPath, [checker, ...options, '--', ...batch], {
    stdio: 'inherit',
  })
  if (status !== 0) failed = true
}
process.exit(failed ? 1 : 0)
