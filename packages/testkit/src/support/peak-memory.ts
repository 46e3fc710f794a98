import { readFileSync } from 'node:fs'

/**
 * The most memory that this process has held at once, in bytes. On Linux of this program alone: what `getrusage` says begins
 * with what the parent held when it started it.
 */
export function peakMemory(): number {
  const ofProgram = /^VmHWM:\s+(\d+) kB/m.exec(ownStatus())?.[1]
  return 1024 * (ofProgram === undefined ? process.resourceUsage().maxRSS : Number(ofProgram))
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return ''
  }
}
