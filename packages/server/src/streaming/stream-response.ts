import { type SharedTable, TableError } from '@spillway/core'
import { Waits } from '@spillway/engine'
import { wireError } from '@spillway/protocol'
import { grantDigest } from '../access/grant-digest.js'
import { credentialsOf } from '../access/request-secrets.js'
import { withoutSecrets } from '../limits/without-secrets.js'
import type { RequestContext } from '../requests/request-context.js'
import { ndjsonBody } from './ndjson.js'

export interface StreamedAnswer {
  readonly table: SharedTable
  readonly lines: AsyncIterable<string>
  readonly headers: Readonly<Record<string, string>>
  /** The client asked for, and will look for, an end-of-stream action. */
  readonly endsWithAction: boolean
}

export async function streamResponse(
  context: RequestContext,
  { table, lines, headers, endsWithAction }: StreamedAnswer,
): Promise<Response> {
  const { record, requestId } = context
  const body = await ndjsonBody(whileShared(context, table, lines), {
    endsWithAction,
    scheduler: context.scheduler,
    recipient: context.recipient.id,
    describe: error => {
      const shown = withoutSecrets(error, credentialsOf(context.request))
      const { status, body } = wireError(shown, requestId)
      return { status, message: body.message }
    },
    onBytes: bytes => {
      record.firstByteMs ??= context.elapsedMs()
      record.bytesSent = (record.bytesSent ?? 0) + bytes
    },
    onEnd: (outcome, error) => {
      record.outcome = outcome
      if (error !== undefined) record.error = error
      context.finish()
    },
  })
  context.streaming()
  return new Response(body, { headers: { ...headers } })
}

/** An answer that is still being sent when its table is taken back ends there: no more URLs are signed for it. */
async function* whileShared(
  { catalog, recipient, limits, signal }: RequestContext,
  table: SharedTable,
  lines: AsyncIterable<string>,
): AsyncGenerator<string> {
  const names = { share: table.share, schema: table.schema, table: table.name }
  const seconds = limits.grantSeconds
  const waits = new Waits({ seconds, signal, late: () => unanswered(seconds) })
  const ask = async (heard: AbortSignal) => {
    const isKnown = (await catalog.isKnown?.(recipient, heard)) ?? true
    return isKnown ? catalog.table(recipient, names, heard) : undefined
  }
  let shared: SharedTable | undefined = table
  try {
    for await (const block of lines) {
      const now: SharedTable | undefined = await waits.for(ask)
      if (now !== shared && (now === undefined || grantDigest(now) !== grantDigest(table))) {
        throw new TableError('PERMISSION_DENIED', 'what is shared of this table has changed')
      }
      shared = now
      yield block
    }
  } finally {
    waits.end()
  }
}

/** Whether it is still shared cannot be told: nothing more is handed out. */
function unanswered(seconds: number): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `the catalog did not say within ${seconds} seconds whether the table is still shared`,
  )
}
