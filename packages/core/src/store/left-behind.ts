import { hash64 } from '../bytes/hash.js'

/** The process that asks: `node:process` is one. */
export interface ThisProcess {
  readonly pid: number
  /** Seconds since it began. */
  uptime(): number
  /** With the signal 0: throws with the code `ESRCH` where there is no such process. */
  kill(pid: number, signal: 0): unknown
}

export interface ThisMachine {
  /** Its name: a folder may be shared with other machines. */
  readonly host: string
  readonly self: ThisProcess
}

/** The age at which what nobody known made is left behind: nothing that is written takes as long. */
const ABANDONED_AFTER_MS = 86_400_000
const MADE_BY = /(?:^|[^0-9a-z])([0-9a-f]{16})-([1-9][0-9]{0,9})(?:[^0-9]|$)/

/** Part of a name on disk that says which process made it, and so whether anybody still uses it. */
export function makerTag({ host, self }: ThisMachine): string {
  return `${hostTag(host)}-${self.pid}`
}

/**
 * True of what a process made for itself and left when it was killed: by the maker's tag in its name, or, where that
 * says nothing (another machine's, none), by its age. `modifiedAt` and `now` are epoch milliseconds.
 */
export function isLeftBehind(
  { name, modifiedAt }: { readonly name: string; readonly modifiedAt: number },
  { host, self }: ThisMachine,
  now = Date.now(),
): boolean {
  const [, maker, pid] = MADE_BY.exec(name) ?? []
  if (maker !== hostTag(host)) return now - modifiedAt > ABANDONED_AFTER_MS
  // A container's first process has the same number each time.
  if (Number(pid) === self.pid) return modifiedAt < now - self.uptime() * 1000
  return !isRunning(Number(pid), self)
}

function isRunning(pid: number, self: ThisProcess): boolean {
  try {
    self.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process may not be signalled: it runs.
    return (error as { readonly code?: string }).code !== 'ESRCH'
  }
}

function hostTag(host: string): string {
  return hash64(new TextEncoder().encode(host)).toString(16).padStart(16, '0')
}
