/** What happened to one request. Never holds a token, a URL that was signed, or a predicate's literals. */
export interface AccessRecord {
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly time: number
  readonly method: string
  /** The route's pattern; absent when none matched. */
  route?: string
  recipient?: string
  /** Who was at the other end of the connection, where nobody knows the recipient. */
  address?: string
  share?: string
  schema?: string
  table?: string
  /** What is shared beside tables, by its kind: `volume docs`. */
  asset?: string
  format?: string
  /** Of the table. */
  version?: bigint
  /** Path of a local file that was asked for by a signed URL. */
  file?: string
  /** The location that credentials were given for. */
  vended?: string
  /** A file of an asset of which the recipient says that other bytes came than its digest is of. Nobody has proven it. */
  mismatch?: {
    readonly path: string
    /** Of what came. */
    readonly sha256: string
    readonly etag: string | undefined
    readonly isReadAgain: boolean
  }
  filesReturned?: number
  /** Of the table at that version; known once the answer is complete. */
  filesTotal?: number
  /** How many predicate hints there were, and how many conditions of them pruned or could not. */
  hints?: { readonly given: number; readonly used: number; readonly unused: number }
  bytesSent?: number
  status?: number
  /** How the answer ended: a client that goes away early is `cancelled`. */
  outcome?: 'complete' | 'failed' | 'cancelled'
  /** Milliseconds, to a microsecond, until the first bytes of a streamed answer were made. */
  firstByteMs?: number
  durationMs?: number
  /** The fault itself, for the provider only. */
  error?: unknown
}

/** A clock of milliseconds from now on, to a microsecond: what a double holds beyond is noise in a log. */
export function stopwatch(): () => number {
  const start = performance.now()
  return () => Math.round((performance.now() - start) * 1000) / 1000
}

/** What is told of each request. A promise is not waited for, and what it throws changes nothing. */
export type AccessLog = (record: Readonly<AccessRecord>) => void

/** A log that throws must not fail an answer. */
export function writeRecord(log: AccessLog | undefined, record: AccessRecord): void {
  try {
    // One that is asynchronous is not waited for, and its fault would else end the process.
    ignoreFaults(log?.(record))
  } catch {
    // Whoever hands in a log handles its faults.
  }
}

/** Of a promise, whosever it is: those of other realms are no instances of ours. */
export function ignoreFaults(given: unknown): void {
  Promise.resolve(given).catch(() => undefined)
}
