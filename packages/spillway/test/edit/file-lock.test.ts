import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { commandFile, isCommandBuilt } from '@spillway/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withFileLock } from '../../src/edit/file-lock.js'

let folder: string
let file: string
let lock: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-lock-'))
  file = join(folder, 'spillway.yaml')
  lock = join(folder, '.spillway.yaml.lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nothing = async () => 'done'

describe('a lock that was left behind', () => {
  // The process that left it was killed; since then another one has its number, in a container the very next.
  it.each([
    ['our own number', process.pid],
    ['the number of one that runs', process.ppid],
  ])('a minute ago is over, with %s', async (_, pid) => {
    writeFileSync(lock, JSON.stringify({ pid, host: hostname(), id: 'x' }))
    utimesSync(lock, Date.now() / 1000 - 90, Date.now() / 1000 - 90)
    const began = performance.now()
    expect(await withFileLock(file, nothing)).toBe('done')
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(readdirSync(folder)).toEqual([])
  })

  it('just now, or by a clock that is ahead, is over once nobody touches it', async () => {
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), id: 'x' }))
    utimesSync(lock, Date.now() / 1000 + 900, Date.now() / 1000 + 900)
    expect(await withFileLock(file, nothing, { silentMs: 300 })).toBe('done')
    expect(readdirSync(folder)).toEqual([])
  })
})

it('a lock of who works for long is touched, and nobody takes it', async () => {
  const done: string[] = []
  const long = withFileLock(
    file,
    async () => {
      await setTimeout(1500)
      done.push('long')
    },
    { silentMs: 500 },
  )
  await setTimeout(50)
  await withFileLock(file, async () => done.push('next'), { silentMs: 500 })
  await long
  expect(done).toEqual(['long', 'next'])
})

/** Runs the built command where no file may grow, as on a disk that is full. */
function whereDisksAreFull(...args: readonly string[]) {
  const shell = `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`
  return spawnSync('bash', ['-c', shell, process.execPath, commandFile, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
}

describe.skipIf(!isCommandBuilt || process.platform === 'win32')('a full disk', () => {
  it('keeps the configuration, and no lock or half a file beside it', () => {
    const before = 'recipients: [{ name: a }]\n'
    writeFileSync(file, before)
    const { status, stderr } = whereDisksAreFull('recipient', 'add', 'b')
    expect(stderr).toMatch(/cannot be changed: .*files may not become as large/)
    expect(status).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
  })

  it('leaves no half of what init writes, which would be taken for whole', () => {
    const { status, stderr } = whereDisksAreFull('init')
    expect(stderr).toMatch(/spillway\.secret cannot be written/)
    expect(status).toBe(2)
    expect(readdirSync(folder)).toEqual([])
  })
})
