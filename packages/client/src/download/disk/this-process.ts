import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What tells this process from all others, also from a later one of the same number. */
export interface ProcessMark {
  readonly pid: number
  readonly host: string
  /** Another after each start of the machine; empty where the system does not say. */
  readonly boot: string
  /** Where its number counts: containers have numbers of their own. */
  readonly space: string
  /** When it began, in ticks since the machine did; empty where the system does not say. */
  readonly started: string
}

export function thisProcess(): ProcessMark {
  return {
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    space: told(() => readlinkSync('/proc/self/ns/pid')),
    started: startOf(process.pid),
  }
}

/** Linux alone tells; what is written before the machine stops may be lost with it. */
export function bootId(): string {
  return BOOT
}

const BOOT = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())

/** proc(5): the 22nd field, counted behind the name, which may hold anything. */
function startOf(pid: number): string {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const MAX_PID = 2 ** 31 - 1

/** True or false where that can be known of a process of this machine; undefined of others. */
export function isRunning(other: ProcessMark, self: ProcessMark): boolean | undefined {
  if (other.host !== self.host) return undefined
  if (other.boot !== self.boot) return false
  if (other.space !== self.space) return undefined
  // Zero and less are groups of processes.
  if (!Number.isInteger(other.pid) || other.pid < 1 || other.pid > MAX_PID) return false
  try {
    process.kill(other.pid, 0)
  } catch (error) {
    // Somebody else's process may not be signalled: it runs.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // Its number may be that of a later one.
  if (self.started === '') return undefined
  return startOf(other.pid) === other.started
}

function told(ask: () => string): string {
  try {
    return ask()
  } catch {
    return ''
  }
}
