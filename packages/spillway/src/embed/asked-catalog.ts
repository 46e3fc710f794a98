import {
  isTableError,
  type Recipient,
  type ShareCatalog,
  type SkillFinder,
  TableError,
  untilAborted,
} from '@spillway/core'
import { askEmbedder, createConfigShares, type SharesConfig } from '@spillway/server'
import { locatedShares } from '../configuration/config.js'
import { askedAssets } from './asked-assets.js'
import { kindOf, plainCopy } from './plain-copy.js'

/** As it is written down, and as it stands in what nobody can change: `as const`, or frozen. */
export type Given<Value> = Value extends Date
  ? Value
  : Value extends readonly (infer Each)[]
    ? readonly Given<Each>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: Given<Value[Key]> }
      : Value

/** Shares with their schemas and tables, as in a configuration file. */
export type SharesOf = Given<NonNullable<SharesConfig['shares']>>

/**
 * What is shared with a recipient: shares as in a configuration file, a catalog, or undefined (or null) where nothing is, or
 * not any more. One that throws or does not answer in time gives nothing away: a 500 or a 503.
 */
export type AskCatalog = (
  recipient: Recipient,
  context: { readonly signal: AbortSignal },
) =>
  | SharesOf
  | ShareCatalog
  | null
  | undefined
  | Promise<SharesOf | ShareCatalog | null | undefined>

export interface AskedCatalogOptions {
  /** What relative locations are relative to. */
  readonly folder: string
  /** How long an answer is waited for. */
  readonly seconds: number
  /** Finds skills in folders that are shared whole; absent, none may be. */
  readonly skills?: SkillFinder | undefined
  /** Milliseconds of a clock that nobody sets: by one that was set back, what was revoked would stay shared. */
  readonly clock?: () => number
}

/** How long an answer is good: as often as downloads under way ask whether they still may go on. */
const GOOD_FOR_MS = 1000

/** Recipients whose answers are kept, so that what did not change is not checked again. */
const MAX_KEPT = 1000

interface Asked {
  readonly at: number
  readonly answer: Promise<ShareCatalog | undefined>
  readonly made: Made
}

/** The last catalog that was made of a recipient's shares, and the text of those. */
interface Made {
  text?: string
  catalog?: ShareCatalog
}

/** A catalog that a function of the embedder answers, each recipient's alone. */
export function askedCatalog(ask: AskCatalog, options: AskedCatalogOptions): ShareCatalog {
  const { clock = () => performance.now() } = options
  const kept = new Map<string, Asked>()

  /** Who asks within a second of a question gets its answer; after that, nobody waits for one that hangs. */
  function asked(recipient: Recipient): Promise<ShareCatalog | undefined> {
    // By both: whoever decides by the name gives each name its own.
    const key = JSON.stringify([recipient.id, recipient.name])
    const known = kept.get(key)
    const at = clock()
    if (known !== undefined && at >= known.at && at - known.at < GOOD_FOR_MS) return known.answer
    const made = known?.made ?? {}
    const answer = answerOf(ask, recipient, { ...options, made })
    const entry = { at, answer, made }
    kept.delete(key)
    kept.set(key, entry)
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break
      kept.delete(oldest)
    }
    // A fault is nobody's answer: who asks next asks anew.
    answer.catch(() => {
      if (kept.get(key) === entry) kept.delete(key)
    })
    return answer
  }

  async function of<Result>(
    recipient: Recipient,
    signal: AbortSignal | undefined,
    use: (catalog: ShareCatalog) => Promise<Result>,
  ): Promise<Result | undefined> {
    const catalog = await untilAborted(asked(recipient), signal)
    return catalog && use(catalog)
  }

  return {
    authenticate: async () => undefined,
    async isKnown(recipient, signal) {
      const known = await of(recipient, signal, async each =>
        each.isKnown === undefined ? true : (await each.isKnown(recipient, signal)) === true,
      )
      // Nothing shared is told by what is asked for; what says neither is no yes.
      return known ?? true
    },
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
    assets: askedAssets(of),
  }
}

interface Asking extends AskedCatalogOptions {
  readonly made: Made
}

async function answerOf(
  ask: AskCatalog,
  recipient: Recipient,
  { folder, seconds, made, skills }: Asking,
): Promise<ShareCatalog | undefined> {
  const found: unknown = await askEmbedder(signal => ask(recipient, { signal }), {
    name: 'catalog',
    seconds,
  })
  if (found === undefined || found === null) return undefined
  if (isCatalog(found)) return found
  // What was given is compared by what it says: an array may be the same one, and changed.
  const shares = sharesIn(found)
  const text = JSON.stringify(shares)
  if (made.catalog !== undefined && made.text === text) return made.catalog
  const catalog = catalogOf(shares, { recipient, folder, skills })
  Object.assign(made, { text, catalog })
  return catalog
}

const QUESTIONS = ['listShares', 'share', 'listSchemas', 'listTables', 'table'] as const

function isCatalog(found: object): found is ShareCatalog {
  const isAsked = (name: string) => typeof (found as Record<string, unknown>)[name] === 'function'
  if (!isAsked('table')) return false
  const missing = QUESTIONS.filter(name => !isAsked(name))
  if (missing.length === 0) return true
  throw wrong(new TableError('INTERNAL', `a ShareCatalog without ${missing.join(', ')}`))
}

function sharesIn(found: unknown): unknown {
  if (!Array.isArray(found)) throw wrong(new TableError('INTERNAL', `found ${kindOf(found)}`))
  try {
    return plainCopy(found)
  } catch (error) {
    throw wrong(error)
  }
}

/** Everything that was given is this recipient's. What is wrong with it is the embedder's to mend, and no recipient's to read. */
function catalogOf(
  shares: unknown,
  {
    recipient,
    folder,
    skills,
  }: { readonly recipient: Recipient } & Pick<AskedCatalogOptions, 'folder' | 'skills'>,
): ShareCatalog {
  try {
    const own = { id: recipient.id, name: recipient.id, shares: ['*'] }
    const config = { shares: shares as NonNullable<SharesConfig['shares']>, recipients: [own] }
    // Checked before it is taken apart: it may be anything.
    createConfigShares(config, { skills })
    refusePublic(config.shares)
    const located = locatedShares(config, folder)
    const { isKnown: _, ...catalog } = createConfigShares(located, { skills })
    return catalog
  } catch (error) {
    throw wrong(error)
  }
}

/** What is asked of a recipient is nobody else's. */
function refusePublic(shares: NonNullable<SharesConfig['shares']>): void {
  for (const { schemas = [] } of shares) {
    for (const { skills = [] } of schemas) {
      const found = skills.find(each => each.public === true)
      if (found === undefined) continue
      const reason = `skill ${found.name} is public, and a function is asked for recipients alone: expected it in shares, or in a ShareCatalog with listPublicSkills`
      throw new TableError('INTERNAL', reason)
    }
  }
}

function wrong(error: unknown): TableError {
  const reason = isTableError(error) ? error.message : 'it is nested too deeply'
  return new TableError('INTERNAL', `catalog: expected shares, a catalog or undefined: ${reason}`)
}
