import { mapConcurrently, type StateStore, TableError } from '@spillway/core'

export interface ListingIndexOptions {
  /** Listings that are kept at a time. */
  readonly mostListings?: number | undefined
  /** Files of all of them. */
  readonly mostFiles?: number | undefined
  /** After which one that nobody began again is deleted. */
  readonly keptMs?: number | undefined
  readonly clock?: (() => number) | undefined
}

/** A listing whose pieces are kept, or are about to be. */
export interface KeptListing {
  readonly id: string
  readonly files: number
  readonly pieces: number
}

interface Entry extends KeptListing {
  /** Epoch milliseconds of when it was begun last. */
  readonly at: number
}

const MOST_LISTINGS = 256
/** Some 30 bytes each, packed. */
const MOST_FILES = 20_000_000
/** As long as a token of a page is good. */
const KEPT_MS = 3 * 24 * 3_600_000
/** One that is begun again and again is not written so each time. */
const TOUCHED_MS = 3_600_000
const KEY = 'listings/index'
const ATTEMPTS = 8
const AT_ONCE = 8

/** Which listings are kept, the latest last: what is too old, or too much, is deleted by whoever adds one. */
export class ListingIndex {
  readonly #state: StateStore
  readonly #options: ListingIndexOptions

  constructor(state: StateStore, options: ListingIndexOptions) {
    this.#state = state
    this.#options = options
  }

  async has(id: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { entries } = await this.#read(signal)
    return entries.some(each => each.id === id && !this.#isOld(each))
  }

  /** True where it was there before: somebody has written it, or is writing it. */
  async add(listing: KeptListing): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { entries, tag } = await this.#read()
      const now = this.#now()
      const known = entries.find(({ id }) => id === listing.id)
      if (known !== undefined && now - known.at < TOUCHED_MS) return true
      const others = entries.filter(({ id }) => id !== listing.id)
      const kept = this.#bounded([...others, { ...listing, at: now }])
      const bytes = Buffer.from(JSON.stringify(kept))
      if ((await this.#state.put(KEY, bytes, { ifTag: tag })) === undefined) continue
      const dropped = others.filter(each => !kept.includes(each))
      for (const each of dropped) await this.#delete(each)
      return known !== undefined
    }
    throw new TableError('STORAGE_UNAVAILABLE', 'the index of listings is written again and again')
  }

  /** The latest, as far as they are few, small and young enough. */
  #bounded(entries: readonly Entry[]): readonly Entry[] {
    const { mostListings = MOST_LISTINGS, mostFiles = MOST_FILES } = this.#options
    const kept: Entry[] = []
    let files = 0
    for (const entry of [...entries].reverse()) {
      files += entry.files
      if (kept.length > 0 && (kept.length >= mostListings || files > mostFiles)) break
      if (!this.#isOld(entry)) kept.unshift(entry)
    }
    return kept
  }

  async #delete({ id, pieces }: Entry): Promise<void> {
    // The head first: without it nobody looks for the others.
    await this.#state.delete(`listings/${id}/head`)
    const numbers = Array.from({ length: pieces }, (_, i) => i)
    await mapConcurrently(numbers, AT_ONCE, number =>
      this.#state.delete(`listings/${id}/${number}`),
    )
  }

  #isOld({ at }: Entry): boolean {
    return this.#now() - at >= (this.#options.keptMs ?? KEPT_MS)
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)()
  }

  async #read(
    signal?: AbortSignal,
  ): Promise<{ readonly entries: readonly Entry[]; readonly tag: string | undefined }> {
    const found = await this.#state.get(KEY, signal)
    if (found === undefined) return { entries: [], tag: undefined }
    return { entries: entriesIn(Buffer.from(found.bytes).toString()), tag: found.tag }
  }
}

/** None where it is of another version, or broken: what lies there is then never read again. */
function entriesIn(text: string): readonly Entry[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return []
  }
  return Array.isArray(document) ? document.filter(isEntry) : []
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  const { id, files, pieces, at } = value as Record<string, unknown>
  const numbers = [files, pieces, at]
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) && numbers.every(Number.isSafeInteger)
}
