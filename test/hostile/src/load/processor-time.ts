import { openSync, readSync } from 'node:fs'

/** What the scheduler counts of this process' first thread, in milliseconds since it began. */
export interface ProcessorTime {
  readonly ran: number
  /** Ready to run, while the processors were somebody else's. */
  readonly waited: number
}

const NONE: ProcessorTime = { ran: 0, waited: 0 }

/** Reads the counts where the system has them (Linux); nothing is ever counted elsewhere. */
export function processorClock(): () => ProcessorTime {
  let file: number
  try {
    file = openSync('/proc/self/schedstat', 'r')
  } catch {
    return () => NONE
  }
  const buffer = Buffer.alloc(128)
  return () => {
    const length = readSync(file, buffer, 0, buffer.length, 0)
    const [ran, waited] = buffer.toString('latin1', 0, length).split(' ')
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 }
  }
}
