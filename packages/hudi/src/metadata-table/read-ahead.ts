import { untilAborted } from '@spillway/core'
import type { HFileSource } from '@spillway/encoding'

/** Files of at most so many bytes are read whole, once somebody reads here and there in them. */
const WHOLE_BYTES = 8 * 1024 * 1024
/** Reads before that: of the end, and of one key. */
const READS_BEFORE = 2
/** Of the first read ahead; each that follows it is twice as long. */
const FIRST_BYTES = 256 * 1024
const MOST_BYTES = 4 * 1024 * 1024
/** A read that begins so near to the end of the one before goes on with it. */
const NEAR_BYTES = 64 * 1024

/** Bytes are let go of when nobody has asked for so long: tables are kept for hours, and scans are over by then. */
const KEPT_MS = 1000

interface Window {
  readonly start: number
  readonly end: number
  readonly bytes: Promise<Uint8Array>
}

/**
 * A file whose keys are asked for partition by partition, each for itself: what many requests would ask for comes by few. A small file
 * comes whole, of a large one what lies behind is read ahead, more of it the longer reads follow each other; a read elsewhere
 * takes no more than it needs.
 */
export function readAhead(source: HFileSource): HFileSource {
  let window: Window | undefined
  let reads = 0
  let ahead = 0
  let lastEnd = Number.NaN

  let timer: NodeJS.Timeout | undefined

  function open(start: number, end: number): Window {
    const opened = { start, end, bytes: source.read(start, end) }
    // Whoever comes next asks again.
    opened.bytes.catch(() => forget(opened))
    window = opened
    return opened
  }

  function forget(opened: Window): void {
    if (window === opened) window = undefined
  }

  async function within(opened: Window, { start, end, signal }: Asked): Promise<Uint8Array> {
    const bytes = await untilAborted(opened.bytes, signal)
    clearTimeout(timer)
    timer = setTimeout(() => {
      window = undefined
    }, KEPT_MS)
    timer.unref()
    // Fewer bytes than were asked for are told by whoever asked.
    return bytes.subarray(start - opened.start, end - opened.start)
  }

  /** How far to read for a read of these bytes; undefined where that is all. */
  function endOf(start: number, end: number): number | undefined {
    const goesOn = Math.abs(start - lastEnd) <= NEAR_BYTES
    ahead = goesOn ? Math.min(MOST_BYTES, Math.max(FIRST_BYTES, 2 * ahead)) : 0
    if (ahead <= end - start) return undefined
    return Math.min(source.size, start + ahead)
  }

  return {
    size: source.size,
    budgets: source.budgets,
    async read(start, end, signal) {
      const asked = { start, end, signal }
      if (window !== undefined && window.start <= start && end <= window.end) {
        return within(window, asked)
      }
      if (source.size <= WHOLE_BYTES) {
        return ++reads > READS_BEFORE
          ? within(open(0, source.size), asked)
          : source.read(start, end, signal)
      }
      const far = endOf(start, end)
      lastEnd = far ?? end
      return far === undefined ? source.read(start, end, signal) : within(open(start, far), asked)
    },
  }
}

interface Asked {
  readonly start: number
  readonly end: number
  readonly signal: AbortSignal | undefined
}
