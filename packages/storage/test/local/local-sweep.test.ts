import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makerTag } from '@spillway/core'
import { localStore, sweepUnfinished } from '@spillway/storage'
import { afterEach, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'sweep-'))
afterEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
})

const pause = () => new Promise(resolve => setTimeout(resolve, 20))

/** What another process would call a file that it is writing. */
function unfinished(pid: number, host = hostname()): string {
  const tag = makerTag({ host, self: { pid, uptime: () => 0, kill: () => true } })
  return `.spillway-${tag}-0123456789abcdef01234567.tmp`
}

it.skipIf(process.platform === 'win32')('writes for nobody else on the machine', async () => {
  const store = localStore({ roots: [folder] })
  await store.put(`file://${folder}/ab/x.parquet`, new Uint8Array([1]))
  expect(statSync(join(folder, 'ab/x.parquet')).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'ab')).mode & 0o777).toBe(0o700)
})

it('removes what killed writers left, and nothing that anybody still writes', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  mkdirSync(join(folder, 'ab'))
  const place = (name: string) => join(folder, 'ab', name)
  const theirs = unfinished(child.pid!)
  const old = '.spillway-0123456789abcdef01234567.tmp'
  const elsewhere = unfinished(1, 'another-machine')
  for (const name of [theirs, old, elsewhere, 'x.parquet', '.spillway-mine.tmp']) {
    writeFileSync(place(name), 'rows')
  }
  expect(await sweepUnfinished(`file://${folder}`)).toBe(0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await sweepUnfinished(`file://${folder}`)).toBe(1)
  const dayAgo = Date.now() / 1000 - 90_000
  for (const name of [old, elsewhere, 'x.parquet', '.spillway-mine.tmp']) {
    utimesSync(place(name), dayAgo, dayAgo)
  }
  expect(await sweepUnfinished(folder)).toBe(2)
  expect(readdirSync(join(folder, 'ab')).sort()).toEqual(['.spillway-mine.tmp', 'x.parquet'])
  expect(await sweepUnfinished(`${folder}/nowhere`)).toBe(0)
})

it('leaves a write of this process under way, as a reload of the configuration would meet it', async () => {
  const store = localStore({ roots: [folder] })
  let go: () => void = () => undefined
  const held = new Promise<void>(resolve => {
    go = resolve
  })
  async function* slowly() {
    yield new Uint8Array([1])
    await held
    yield new Uint8Array([2])
  }
  const putting = store.put(`file://${folder}/x`, slowly())
  while (readdirSync(folder).length === 0) await pause()
  expect(await sweepUnfinished(folder)).toBe(0)
  go()
  await putting
  expect(readdirSync(folder)).toEqual(['x'])
})
