import { type JsonObject, type JsonValue, TableError } from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import { errorJson } from '../terminal/error-json.js'
import { shownJson } from '../terminal/shown-json.js'
import { TOO_LONG } from '../terminal/terminal.js'
import { answerRequest, type BatchContext } from './operations.js'
import { parseRequest } from './request.js'

/** Requests worked on at once: answers stay in order, so a slow one holds back at most these. */
const AT_ONCE = 4

/**
 * Answers each line of `lines` through `write`, in order. Gives the exit code: 2 where a line was not JSON, else 0.
 * `log` hears of failures that are our own.
 */
export async function runBatch(
  lines: AsyncIterable<string | typeof TOO_LONG>,
  context: BatchContext,
  {
    write,
    log,
  }: {
    readonly write: (line: string) => Promise<void>
    readonly log: (line: string) => void
  },
): Promise<0 | 2> {
  let exitCode: 0 | 2 = 0
  const unwritten: Promise<void>[] = []
  let last: Promise<void> = Promise.resolve()
  for await (const line of lines) {
    if (line !== TOO_LONG && line.trim() === '') continue
    const answer = answerLine(line, context, log)
    // Written as soon as it and all before it are known, whether or not another request ever comes.
    last = Promise.all([answer, last]).then(([answered]) => {
      if (answered.notJson) exitCode = 2
      return write(answered.line)
    })
    last.catch(() => undefined)
    unwritten.push(last)
    if (unwritten.length >= AT_ONCE) await unwritten.shift()
  }
  await last
  return exitCode
}

interface Answered {
  readonly line: string
  readonly notJson: boolean
}

async function answerLine(
  line: string | typeof TOO_LONG,
  context: BatchContext,
  log: (line: string) => void,
): Promise<Answered> {
  if (line === TOO_LONG) {
    const error = new TableError('INVALID_REQUEST', 'the line is too long for a request')
    return { line: failure(null, error), notJson: true }
  }
  let value: JsonValue
  try {
    value = parseExactJson(line)
  } catch {
    const error = new TableError('INVALID_REQUEST', 'the line is not a JSON document')
    return { line: failure(null, error), notJson: true }
  }
  const id = idOf(value)
  try {
    const body = await answerRequest(parseRequest(value), context)
    return { line: shownJson({ id, ok: true, ...body }), notJson: false }
  } catch (error) {
    if (errorJson(error).code === 'INTERNAL') log(stackOf(error))
    return { line: failure(id, error), notJson: false }
  }
}

function failure(id: JsonValue, error: unknown): string {
  return shownJson({ id, ok: false, error: { ...errorJson(error) } })
}

function idOf(value: JsonValue): JsonValue {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? ((value as JsonObject).id ?? null) : null
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
