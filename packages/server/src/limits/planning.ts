import { type Recipient, TableError } from '@spillway/core'
import type { FairScheduler } from './fair-scheduler.js'
import type { ServerLimits } from './server-limits.js'

/** How the work before an answer's first byte shares the thread. */
export interface Planning {
  /** Awaited between pieces of work of some ten milliseconds, with how long the last one took. */
  readonly turn: (milliseconds?: number) => Promise<void>
}

/** Whose work it is, and what it may take. */
export interface Planner {
  readonly scheduler: FairScheduler
  readonly recipient: Recipient
  readonly limits: Pick<ServerLimits, 'planCpuSeconds'>
}

/** A request waits its recipient's turn between pieces of work, and ends where they come to more than it may take. */
export function planningOf({ scheduler, recipient, limits }: Planner): Planning {
  let used = 0
  return {
    async turn(milliseconds = 0) {
      used += milliseconds
      if (used > limits.planCpuSeconds * 1000) {
        throw new TableError(
          'INVALID_REQUEST',
          `finding the files that may match took more than the ${limits.planCpuSeconds} seconds that a request may take of the server (planCpuSeconds); ask with fewer conditions, or with none`,
        )
      }
      await scheduler.turn({ first: true, recipient: recipient.id })
    },
  }
}
