import { TableError } from '@spillway/core'
import type { AccessRecord } from '../http/access-log.js'
import { byobReaderOf } from '../http/byob-reader.js'

/** How often an answer under way asks whether its file is still shared. */
const ASK_EVERY_MS = 1000

/** Of a reader that brings no buffer of its own. */
const BLOCK_BYTES = 256 * 1024

export interface Counting {
  readonly record: AccessRecord
  readonly finish: (outcome: NonNullable<AccessRecord['outcome']>) => void
  /** Whether what the URL was signed for holds still. */
  readonly isShared: (gone: AbortSignal) => Promise<boolean>
}

/** The body as it is, its bytes and how it ends on record. It breaks off where its file is no longer shared. */
export function countedBody(
  body: ReadableStream<Uint8Array>,
  counting: Counting,
): ReadableStream<Uint8Array> {
  const filling = byobReaderOf(body)
  return filling === undefined
    ? passedOn(body.getReader(), counting)
    : filledThrough(filling, counting)
}

function passedOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  counting: Counting,
): ReadableStream<Uint8Array> {
  const { counted, cancel } = counter(reader, counting)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await counted(reader.read())
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel,
    },
    { highWaterMark: 0 },
  )
}

/** The buffer of whoever reads goes through to what fills it. */
function filledThrough(
  reader: ReadableStreamBYOBReader,
  counting: Counting,
): ReadableStream<Uint8Array> {
  const { counted, cancel } = counter(reader, counting)
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const asked = controller.byobRequest
      const view = asked?.view ?? new Uint8Array(BLOCK_BYTES)
      const { done, value } = await counted(reader.read(view))
      if (done) {
        controller.close()
        if (value !== undefined) asked?.respondWithNewView(value)
      } else if (asked === null) {
        controller.enqueue(value)
      } else {
        asked.respondWithNewView(value)
      }
    },
    cancel,
  })
}

interface Chunk {
  readonly done: boolean
  readonly value?: ArrayBufferView | undefined
}

function counter(
  reader: { cancel(reason: unknown): Promise<void> },
  { record, finish, isShared }: Counting,
) {
  record.bytesSent = 0
  const gone = new AbortController()
  let ended = false
  let asked = performance.now()
  const end = (outcome: NonNullable<AccessRecord['outcome']>) => {
    if (!ended) finish(outcome)
    ended = true
  }
  const requireShared = async () => {
    if (performance.now() - asked < ASK_EVERY_MS) return
    if (!(await isShared(gone.signal))) throw new TableError('PERMISSION_DENIED', NO_LONGER_SHARED)
    asked = performance.now()
  }
  return {
    async counted<C extends Chunk>(reading: Promise<C>): Promise<C> {
      try {
        const chunk = await reading
        if (chunk.done) {
          end('complete')
          return chunk
        }
        await requireShared()
        record.bytesSent = (record.bytesSent ?? 0) + (chunk.value?.byteLength ?? 0)
        return chunk
      } catch (error) {
        record.error = error
        end('failed')
        await reader.cancel(error).catch(() => undefined)
        throw error
      }
    },
    async cancel(reason: unknown): Promise<void> {
      end('cancelled')
      gone.abort(reason)
      await reader.cancel(reason)
    },
  }
}

const NO_LONGER_SHARED = 'the file is no longer shared: its download was broken off'
