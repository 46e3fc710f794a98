import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { makerTag } from '@spillway/core'
import { expect, it } from 'vitest'
import { duckDb, sweepScratch } from '../../src/index.js'
import { scratchFolder } from '../../src/session/scratch-folder.js'

it('sweeps the folders of killed processes, and only those', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'scratch-'))
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const tag = makerTag({
    host: hostname(),
    self: { pid: child.pid!, uptime: () => 0, kill: () => true },
  })
  const theirs = join(parent, `spillway-${tag}-Ab3dEf`)
  mkdirSync(theirs)
  writeFileSync(join(theirs, '0.parquet'), 'rows')
  const mine = await scratchFolder(parent)
  mkdirSync(join(parent, 'spillway-demo-Ab3dEf'))
  const kept = mkdtempSync(join(tmpdir(), 'kept-'))
  symlinkSync(kept, join(parent, `spillway-${tag}-Link00`))
  expect(await sweepScratch(parent)).toBe(0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await sweepScratch(parent)).toBe(1)
  expect(existsSync(theirs)).toBe(false)
  expect(existsSync(kept)).toBe(true)
  expect(readdirSync(parent)).toContain(basename(mine))
  expect(readdirSync(parent)).toContain('spillway-demo-Ab3dEf')
})

it.skipIf(process.platform === 'win32')(
  'spills where nobody else can look, and leaves nothing',
  async () => {
    const duckdb = duckDb()
    const connection = await duckdb.connect()
    const [[folder]] = (await connection.all("SELECT current_setting('temp_directory')")) as [
      [string],
    ]
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    connection.close()
    await duckdb.close()
    expect(existsSync(folder)).toBe(false)
  },
)
