import { isTableError } from '@spillway/core'
import { errorJson } from './error-json.js'
import { errorLines } from './error-lines.js'
import { EXIT } from './exit-code.js'
import { shownJson } from './shown-json.js'
import type { Terminal } from './terminal.js'

/** Says on standard error what went wrong, and gives the exit status. */
export function report(error: unknown, json: boolean, { stderr }: Terminal): number {
  const found = errorJson(error)
  if (json) {
    stderr.write(`${shownJson({ ok: false, error: { ...found } })}\n`)
    return exitCodeOf(error)
  }
  stderr.write(`${errorLines(error).join('\n')}\n`)
  if (found.code === 'INTERNAL' && error instanceof Error) stderr.write(`${error.stack}\n`)
  return exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  if (!isTableError(error)) return EXIT.failed
  switch (error.code) {
    case 'INVALID_REQUEST':
      return EXIT.usage
    case 'UNSUPPORTED_FEATURE':
      return EXIT.unsupported
    case 'NOT_FOUND':
      return EXIT.notFound
    case 'TABLE_CORRUPT':
      return EXIT.corrupt
    case 'CANCELLED':
      return EXIT.cancelled
    default:
      return EXIT.failed
  }
}
