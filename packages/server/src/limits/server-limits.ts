/** Of the predicate hints of one query: what is beyond them prunes nothing. */
export interface HintLimits {
  /** Hints of one request that are looked at. */
  readonly hints: number
  /** Characters of one SQL hint: what takes some ten milliseconds to read. */
  readonly hintCharacters: number
  /** Characters of all hints of one request, and of its JSON hint. */
  readonly allHintsCharacters: number
  /** Conditions, values of lists, and the ANDs, ORs and NOTs that join them, of all hints of one request. */
  readonly hintNodes: number
}

/** What requests may take of the server; a provider may set each. */
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

/** Those of a server that is given none. */
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
