import type {
  AssetFiles,
  CredentialVendor,
  Recipient,
  ServedSkills,
  ShareCatalog,
} from '@spillway/core'
import type { Engine } from '@spillway/engine'
import type { TokenCodec } from '@spillway/protocol'
import type { SignedLedger } from '../downloads/signed-ledger.js'
import type { AccessRecord } from '../http/access-log.js'
import type { AsyncQueryJobs } from '../limits/async-query-jobs.js'
import type { FairScheduler } from '../limits/fair-scheduler.js'
import type { ServerLimits } from '../limits/server-limits.js'

/** What answers agents, and the origins whose pages may ask it. */
export interface McpServing {
  /** One message over somebody's skills, keeping nothing of it. `message` is the body of the request, as JSON. */
  readonly answer: (asked: {
    readonly request: Request
    readonly message: unknown
    readonly skills: ServedSkills
  }) => Promise<Response>
  readonly origins: readonly string[]
}

/** What every route is handed: the composition, and this one request. */
export interface RequestContext {
  readonly engine: Engine
  readonly catalog: ShareCatalog
  readonly vendors: readonly CredentialVendor[]
  readonly assetFiles: AssetFiles | undefined
  readonly mcp: McpServing | undefined
  readonly tokens: TokenCodec
  readonly limits: ServerLimits
  readonly jobs: AsyncQueryJobs
  readonly scheduler: FairScheduler
  readonly signed: SignedLedger
  /** Makes the digests that URLs of this server's own files hold. */
  readonly audienceKey: string | Uint8Array
  readonly clock: () => number
  readonly request: Request
  readonly requestId: string
  readonly recipient: Recipient
  /** Nobody is known: what is public is asked for, without a token. */
  readonly isStranger: boolean
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
