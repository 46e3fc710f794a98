import { wireError } from '@spillway/protocol'
import { ndjsonBody } from './ndjson.js'
import type { RequestContext } from './request-context.js'

export interface StreamedAnswer {
  readonly lines: AsyncIterable<string>
  readonly headers: Readonly<Record<string, string>>
  /** The client asked for, and will look for, an end-of-stream action. */
  readonly endsWithAction: boolean
}

export async function streamResponse(
  context: RequestContext,
  { lines, headers, endsWithAction }: StreamedAnswer,
): Promise<Response> {
  const { record, requestId } = context
  const body = await ndjsonBody(lines, {
    endsWithAction,
    rounds: context.rounds,
    describe: error => {
      const { status, body } = wireError(error, requestId)
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
