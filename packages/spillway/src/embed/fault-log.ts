import { type ErrorCode, isTableError } from '@spillway/core'
import type { AccessRecord } from '@spillway/server'
import { logLine } from '../serve/log-lines.js'
import { type QuietLog, quietLog } from '../serve/quiet-log.js'
import { errorJson } from '../terminal/error-json.js'
import { printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'

export interface FaultLog extends QuietLog {
  /** What fails while nobody asks. */
  background(error: unknown): void
}

/**
 * What a server says on standard error where nobody told it where to: what the provider must mend, and nothing of requests
 * that were answered, or refused for what their sender did.
 */
export function faultLog(write: (line: string) => void = toStandardError): FaultLog {
  const quiet = quietLog(record => {
    write(`spillway ${logLine(record, styleFor(process.stderr, process.env))}\n`)
  })
  return {
    log(record) {
      if (isForProvider(record)) quiet.log(record)
    },
    background(error) {
      const { code, message } = errorJson(error)
      write(`spillway ${code} ${printable(message)}\n`)
    },
    end: () => quiet.end(),
  }
}

function toStandardError(line: string): void {
  process.stderr.write(line)
}

const FOR_PROVIDERS: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_UNAVAILABLE',
  'TABLE_CORRUPT',
  'UNSUPPORTED_FEATURE',
  'INTERNAL',
])

function isForProvider({ status = 0, outcome, error }: Readonly<AccessRecord>): boolean {
  if (error === undefined || outcome === 'cancelled') return false
  if (status >= 500 || !isTableError(error) || FOR_PROVIDERS.has(error.code)) return true
  // What may not be read has a path; a hook's refusal has none.
  if (error.code === 'PERMISSION_DENIED') return error.context.path !== undefined
  // A table that is shared and not there: names that nobody shares have no location.
  return error.code === 'NOT_FOUND' && error.context.location !== undefined
}
