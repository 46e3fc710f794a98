import {
  isTableError,
  type Recipient,
  type ShareCatalog,
  TableError,
  untilAborted,
} from '@spillway/core'
import { askEmbedder, createConfigShares, type SharesConfig } from '@spillway/server'
import { locatedShares } from '../serve/config.js'

export type SharesOf = NonNullable<SharesConfig['shares']>

/**
 * What is shared with a recipient: shares as in a configuration file, a catalog, or undefined where nothing is, or not any
 * more. One that throws or does not answer in time gives nothing away: a 500 or a 503.
 */
export type AskCatalog = (
  recipient: Recipient,
  context: { readonly signal: AbortSignal },
) =>
  | Readonly<SharesOf>
  | ShareCatalog
  | undefined
  | Promise<Readonly<SharesOf> | ShareCatalog | undefined>

export interface AskedCatalogOptions {
  /** What relative locations are relative to. */
  readonly folder: string
  /** How long an answer is waited for. */
  readonly seconds: number
  readonly clock?: () => number
}

/** How long an answer is good: as often as downloads under way ask whether they still may go on. */
const GOOD_FOR_MS = 1000

/** Recipients whose answers are kept, so that what did not change is not checked again. */
const MAX_KEPT = 1000

interface Asked {
  readonly at: number
  readonly answer: Promise<Answered | undefined>
}

interface Answered {
  readonly catalog: ShareCatalog
  /** What the catalog was made of, where it was made here. */
  readonly text?: string
}

/** A catalog that a function of the embedder answers, each recipient's alone. */
export function askedCatalog(ask: AskCatalog, options: AskedCatalogOptions): ShareCatalog {
  const { clock = Date.now } = options
  const kept = new Map<string, Asked>()

  /** One question at a time for each recipient: who asks meanwhile gets the same answer. */
  function asked(recipient: Recipient): Promise<Answered | undefined> {
    const known = kept.get(recipient.id)
    if (known !== undefined && clock() - known.at < GOOD_FOR_MS) return known.answer
    const answer = answerOf(ask, recipient, { ...options, before: known?.answer })
    const entry = { at: clock(), answer }
    kept.delete(recipient.id)
    kept.set(recipient.id, entry)
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break
      kept.delete(oldest)
    }
    // A fault is nobody's answer: who asks next asks anew.
    answer.catch(() => {
      if (kept.get(recipient.id) === entry) kept.delete(recipient.id)
    })
    return answer
  }

  async function of<Result>(
    recipient: Recipient,
    signal: AbortSignal | undefined,
    use: (catalog: ShareCatalog) => Promise<Result>,
  ): Promise<Result | undefined> {
    const answered = await untilAborted(asked(recipient), signal)
    return answered && use(answered.catalog)
  }

  return {
    authenticate: async () => undefined,
    async listShares(recipient, page, signal) {
      const found = await of(recipient, signal, each => each.listShares(recipient, page, signal))
      return found ?? { items: [] }
    },
    share: (recipient, name, signal) =>
      of(recipient, signal, each => each.share(recipient, name, signal)),
    listSchemas: (recipient, share, page, signal) =>
      of(recipient, signal, each => each.listSchemas(recipient, share, page, signal)),
    listTables: (recipient, scope, page, signal) =>
      of(recipient, signal, each => each.listTables(recipient, scope, page, signal)),
    table: (recipient, name, signal) =>
      of(recipient, signal, each => each.table(recipient, name, signal)),
  }
}

interface Asking extends AskedCatalogOptions {
  readonly before: Promise<Answered | undefined> | undefined
}

async function answerOf(
  ask: AskCatalog,
  recipient: Recipient,
  { folder, seconds, before }: Asking,
): Promise<Answered | undefined> {
  const found: unknown = await askEmbedder(signal => ask(recipient, { signal }), {
    name: 'catalog',
    seconds,
  })
  if (found === undefined || found === null) return undefined
  if (isCatalog(found)) return { catalog: found }
  // What was given is compared by what it says: an array may be the same one, and changed.
  const text = textOf(found)
  const last = await before?.catch(() => undefined)
  if (last?.text === text) return last
  return { catalog: catalogOf(found, { recipient, folder }), text }
}

function isCatalog(found: object): found is ShareCatalog {
  return typeof (found as Partial<ShareCatalog>).table === 'function'
}

function textOf(found: unknown): string {
  try {
    return JSON.stringify(found)
  } catch (error) {
    throw wrong(error)
  }
}

/** Everything that was given is this recipient's. What is wrong with it is the embedder's to mend, and no recipient's to read. */
function catalogOf(
  shares: unknown,
  { recipient, folder }: { readonly recipient: Recipient; readonly folder: string },
): ShareCatalog {
  try {
    const own = { id: recipient.id, name: recipient.id, shares: ['*'] }
    const config = { shares: shares as SharesOf, recipients: [own] }
    // Checked before it is taken apart: it may be anything.
    createConfigShares(config)
    return createConfigShares(locatedShares(config, folder))
  } catch (error) {
    throw wrong(error)
  }
}

function wrong(error: unknown): TableError {
  const reason = isTableError(error) ? error.message : 'it cannot be written as JSON'
  return new TableError('INTERNAL', `catalog: expected shares, a catalog or undefined: ${reason}`)
}
