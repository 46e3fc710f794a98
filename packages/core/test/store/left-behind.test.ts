import { isLeftBehind, makerTag } from '@spillway/core'
import { expect, it } from 'vitest'
import type { ThisProcess } from '../../src/store/left-behind.js'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000

function machine(pid: number, running: readonly number[], code = 'ESRCH') {
  const self: ThisProcess = {
    pid,
    uptime: () => 60,
    kill(asked) {
      if (!running.includes(asked)) throw Object.assign(new Error('no'), { code })
    },
  }
  return { host: 'lake-1', self }
}

const nameOf = (pid: number, host = 'lake-1') =>
  `spillway-${makerTag({ ...machine(pid, []), host })}-Ab3dEf`

it('tells what a process left from what another still uses', () => {
  const left = (name: string, modifiedAt: number, me = machine(7, [7, 8])) =>
    isLeftBehind({ name, modifiedAt }, me, NOW)
  expect(left(nameOf(9), NOW)).toBe(true)
  expect(left(nameOf(8), NOW - 100 * HOUR)).toBe(false)
  // Somebody else's process may not be signalled, and runs.
  expect(left(nameOf(9), NOW, machine(7, [7], 'EPERM'))).toBe(false)
})

it('tells what an earlier process of the same number left, as a container that starts again has it', () => {
  const left = (modifiedAt: number) =>
    isLeftBehind({ name: nameOf(1), modifiedAt }, machine(1, [1]), NOW)
  expect(left(NOW - 61_000)).toBe(true)
  expect(left(NOW - 59_000)).toBe(false)
})

it('leaves to others what they made, for a day', () => {
  for (const name of [nameOf(9, 'lake-2'), '.spillway-0123456789abcdef01234567.tmp', 'x']) {
    expect(isLeftBehind({ name, modifiedAt: NOW - 23 * HOUR }, machine(7, []), NOW)).toBe(false)
    expect(isLeftBehind({ name, modifiedAt: NOW - 25 * HOUR }, machine(7, []), NOW)).toBe(true)
  }
})
