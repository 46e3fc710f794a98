import { isTableError } from '@spillway/core'
import { type ErrorJson, errorJson } from '../terminal/error-json.js'
import { formatCount, printable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import type { Style } from '../terminal/style.js'
import type { LoggedRecord } from './quiet-log.js'

/** One request as a JSON object on one line; a fault with what is known of where, and what caused it. */
export function jsonLogLine({ error, version, ...record }: Readonly<LoggedRecord>): string {
  const causes = error === undefined ? [] : chainOf(error)
  const [fault, ...rest] = causes.map(each => ({ ...each }))
  return shownJson({
    ...record,
    ...(version !== undefined && { version: version.toString() }),
    ...(fault && { error: { ...fault, ...(rest.length > 0 && { causes: rest }) } }),
  })
}

/** One request for people: what was asked, by whom, and of a refusal the reason, the file and the request's id. */
export function logLine(record: Readonly<LoggedRecord>, style: Style): string {
  const {
    status = 0,
    recipient = record.address ?? '-',
    method,
    route = '(no route)',
    durationMs = 0,
  } = record
  const time = new Date(record.time).toISOString().slice(11, 19)
  const paint = status >= 500 ? style.red : status >= 400 ? style.yellow : style.green
  const table = [record.share, record.schema, record.table ?? record.asset]
    .filter(part => part !== undefined)
    .join('.')
  const files =
    record.filesReturned === undefined
      ? ''
      : `${record.filesReturned} of ${record.filesTotal ?? '?'} ${record.filesTotal === 1 ? 'file' : 'files'}`
  const { hints } = record
  const unused = hints?.unused ? `${formatCount(hints.unused, 'unused hint')}` : ''
  const outcome = record.outcome === 'cancelled' ? 'cancelled' : ''
  const { suppressed = 0 } = record
  const more = suppressed === 0 ? '' : `and ${formatCount(suppressed, 'more refusal')} like it`
  return [
    style.dim(time),
    paint(String(status)),
    printable(cut(recipient)),
    method,
    printable(cut(table === '' ? route : `${route} ${table}`)),
    files,
    style.yellow(unused),
    style.yellow(mismatchText(record)),
    style.dim(`${Math.round(durationMs)} ms`),
    outcome,
    style.yellow(more),
    record.error === undefined ? '' : faultText(record),
  ]
    .filter(part => part !== '')
    .join('  ')
}

/** Of a file that a recipient got other bytes of. */
function mismatchText({ mismatch }: Readonly<LoggedRecord>): string {
  if (mismatch === undefined) return ''
  const { path, sha256, isReadAgain } = mismatch
  const again = isReadAgain ? ', is read again' : ''
  return printable(`other bytes of ${JSON.stringify(cut(path))}: sha256 ${sha256}${again}`)
}

/** What the provider needs to mend it: texts of tables and of recipients, on one line. */
function faultText({ error, requestId }: Readonly<LoggedRecord>): string {
  const causes = chainOf(error)
  const reasons = [...new Set(causes.map(({ message }) => message))].join(': ')
  const where = Object.assign({}, ...causes.map(({ context }) => context).reverse())
  const facts = Object.entries(where).map(([key, value]) => `${key}=${value}`)
  return printable([`${causes[0]!.code} ${reasons}`, ...facts, `request=${requestId}`].join('  '))
}

const LONGEST_CHAIN = 5

/** The fault and what caused it, which names the file more often than not. */
function chainOf(error: unknown): readonly ErrorJson[] {
  const chain: ErrorJson[] = []
  let next: unknown = error
  while (next !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(cutTexts(chain.length > 0 ? causeJson(next) : errorJson(next)))
    next = next instanceof Error ? next.cause : undefined
  }
  return chain
}

/** What others threw is no fault of ours where an error with a code was made of it. */
function causeJson(cause: unknown): ErrorJson {
  const found = errorJson(cause)
  if (isTableError(cause)) return found
  return { ...found, message: found.message.replace(/^internal error: /, '') }
}

/** Texts of tables stand in errors: one of them must not push everything else out of the log. */
function cutTexts({ code, message, context }: ErrorJson): ErrorJson {
  const facts = Object.entries(context).map(([key, value]) => [
    key,
    typeof value === 'string' ? cut(value) : value,
  ])
  return { code, message: cut(message), context: Object.fromEntries(facts) }
}

const LONGEST_TEXT = 2048

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  const isPair = /[\ud800-\udbff]$/.test(text.slice(0, LONGEST_TEXT))
  const kept = text.slice(0, isPair ? LONGEST_TEXT - 1 : LONGEST_TEXT)
  return `${kept}… (${formatCount(text.length - kept.length, 'more character')})`
}
