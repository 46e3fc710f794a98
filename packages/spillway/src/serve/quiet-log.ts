import { isTableError } from '@spillway/core'
import { type AccessLog, type AccessRecord, networkOf } from '@spillway/server'

/** What a line of the log says, of one answer, or of the last of several. */
export interface LoggedRecord extends AccessRecord {
  /** Refusals of the same recipient, or address, and code that have no line: they came since the line before. */
  readonly suppressed?: number
}

/** A log in which nobody fills a disk by being refused. */
export interface QuietLog {
  readonly log: AccessLog
  /** Writes what was held back, and stops. */
  end(): void
}

interface Held {
  /** Since the last line. */
  count: number
  last: Readonly<AccessRecord>
}

const WINDOW_MS = 60_000

/** Recipients and addresses that have lines of their own; all others share theirs. */
const MOST_NAMES = 10_000

/**
 * A refusal is written at once; more of the same recipient, or of the same address where nobody knows the recipient, and of
 * the same code are counted, and once a minute the last of them is written, with their number.
 */
export function quietLog(write: (record: Readonly<LoggedRecord>) => void): QuietLog {
  const held = new Map<string, Held>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    for (const [key, { count, last }] of held) {
      if (count === 0) held.delete(key)
      else {
        held.set(key, { count: 0, last })
        write(count === 1 ? last : { ...last, suppressed: count - 1 })
      }
    }
    if (held.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    log(record) {
      const reason = reasonOf(record)
      if (reason === undefined) return write(record)
      const own = JSON.stringify([reason, whoOf(record)])
      const key = held.has(own) || held.size < MOST_NAMES ? own : JSON.stringify([reason])
      const known = held.get(key)
      if (known !== undefined) {
        known.count++
        known.last = record
        return
      }
      held.set(key, { count: 0, last: record })
      timer ??= setInterval(flush, WINDOW_MS).unref()
      write(record)
    },
    end() {
      flush()
      held.clear()
      clearInterval(timer)
      timer = undefined
    },
  }
}

/** Why somebody was refused; undefined where nobody was, or the server is at fault. */
function reasonOf({ status = 0, outcome, error }: Readonly<AccessRecord>): string | undefined {
  if (status < 400 || status >= 500 || outcome === 'cancelled') return undefined
  return isTableError(error) ? error.code : String(status)
}

function whoOf({ recipient, address }: Readonly<AccessRecord>): readonly string[] {
  if (recipient !== undefined) return ['recipient', recipient]
  return address === undefined ? [] : ['address', networkOf(address)]
}
