import type { CredentialVendor, Recipient, ShareCatalog } from '@spillway/core'
import type { Engine } from '@spillway/engine'
import type { TokenCodec } from '@spillway/protocol'
import type { SignedLedger } from '../downloads/signed-ledger.js'
import type { AccessRecord } from '../http/access-log.js'
import type { Preparations } from '../limits/async-query-jobs.js'
import type { Rounds } from '../limits/fair-scheduler.js'
import type { HintLimits } from '../query/hints.js'

/** What every route is handed: the composition, and this one request. */
export interface RequestContext {
  readonly engine: Engine
  readonly catalog: ShareCatalog
  readonly vendors: readonly CredentialVendor[]
  readonly tokens: TokenCodec
  readonly limits: ServerLimits
  readonly preparations: Preparations
  readonly rounds: Rounds
  readonly signed: SignedLedger
  /** Makes the digests that URLs of this server's own files hold. */
  readonly audienceKey: string | Uint8Array
  readonly clock: () => number
  readonly request: Request
  readonly requestId: string
  readonly recipient: Recipient
  /** Decoded path parameters, by the name the route gives them. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Aborted when the recipient has gone, or the answer has been cut. */
  readonly signal: AbortSignal
  /** Since the request came. */
  readonly elapsedMs: () => number
  /** Filled in as the answer is made; written once it has ended. */
  readonly record: AccessRecord
  /** The answer goes on after its status line: whoever streams it calls `finish` when it has ended. */
  readonly streaming: () => void
  readonly finish: () => void
}

export interface ServerLimits extends HintLimits {
  /** Items of a list when the client does not say. */
  readonly defaultMaxResults: number
  /** Never more items than this, whatever the client says. */
  readonly maxResults: number
  readonly bodyBytes: number
  /** Files on one page of a query, at most. */
  readonly maxFilesPerPage: number
  readonly pageTokenSeconds: number
  readonly refreshTokenSeconds: number
  /** Requests of one recipient under way at a time, answers still streaming included. */
  readonly requestsPerRecipient: number
  /** Until the first byte of an answer; what takes longer is a 503. */
  readonly planSeconds: number
  /** For the catalog to say whether what is sent is still shared; an answer under way then breaks off. */
  readonly grantSeconds: number
  /** Of this thread, for pruning one answer by its predicate; what takes more is a 400. */
  readonly planCpuSeconds: number
  /** Requests of one address within a minute that no token authenticates; one more is a 429. */
  readonly failedAuthentications: number
}

export const DEFAULT_LIMITS: ServerLimits = {
  defaultMaxResults: 500,
  maxResults: 1000,
  bodyBytes: 2 * 1024 ** 2,
  maxFilesPerPage: 100_000,
  pageTokenSeconds: 3 * 24 * 3600,
  refreshTokenSeconds: 24 * 3600,
  requestsPerRecipient: 64,
  hints: 1000,
  hintCharacters: 64 * 1024,
  allHintsCharacters: 256 * 1024,
  hintNodes: 4096,
  planSeconds: 120,
  grantSeconds: 30,
  planCpuSeconds: 10,
  failedAuthentications: 60,
}
