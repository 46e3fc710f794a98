import {
  inSlices,
  type MatchDeletePaths,
  readString,
  Slices,
  type Steps,
  TableError,
} from '@spillway/core'
import { baseName, type PathResolver, withoutSlash } from '../paths/paths.js'
import { isSamePlace, spelledPlace } from '../paths/same-place.js'
import type { DeleteDetails } from './delete-manifest.js'
import type { LiveNames } from './live-names.js'

/** What a path that a delete names means in one snapshot. */
type Meaning =
  /** A live data file, as recorded. */
  | { readonly kind: 'file'; readonly path: string }
  /** A file that is gone. */
  | { readonly kind: 'gone' }
  /** One of these, or a file that is gone. */
  | { readonly kind: 'unclear'; readonly candidates: readonly string[] }

export interface DeleteNamesOptions {
  readonly resolve: PathResolver
  /** The table's location as its metadata spells it. */
  readonly tableLocation: string | undefined
  /** Every live data file of the snapshot. */
  readonly live: (signal?: AbortSignal) => Promise<LiveNames>
  /** Every delete file of the snapshot. */
  readonly deletes: (signal?: AbortSignal) => Promise<readonly DeleteDetails[]>
  /** True where a manifest that the table still knows lists a file below `root`. */
  readonly everListed: (root: string, signal?: AbortSignal) => Promise<boolean>
}

/**
 * Which data files the paths in a snapshot's deletes mean: the one place that says so, for planning and for reading.
 * The path as recorded, byte for byte, comes first, and nearly always is all; then other spellings of the same place
 * and the source's rebase rules; then the one change of the table's root that a move made in all manifests and in no
 * delete. Everything but the first is looked for among all live files, whichever of them were asked about: only then
 * is it known that a path means no other.
 */
export class DeleteNames {
  readonly #options: DeleteNamesOptions
  readonly #known = new Map<string, Meaning>()
  readonly #moves = new Map<string, boolean>()
  #live: LiveNames | undefined

  constructor(options: DeleteNamesOptions) {
    this.#options = options
  }

  /** True or false where `named` is known to mean `recordedPath` or not to; undefined until `learn` has looked. */
  means(named: string, recordedPath: string): boolean | undefined {
    if (named === recordedPath) return true
    if (baseName(named) !== baseName(recordedPath)) return false
    const meaning = this.#known.get(named)
    return meaning && holds(meaning, named, recordedPath)
  }

  /** Finds out what each of `paths` means. */
  async learn(paths: Iterable<string>, signal?: AbortSignal): Promise<void> {
    const slices = new Slices()
    for (const path of paths) {
      if (!this.#known.has(path)) this.#known.set(path, await this.#meaningOf(path, slices, signal))
      if (slices.isOver) await slices.pause()
    }
  }

  /** Which of `files` each path means; more than one where the table lists a file more than once. */
  readonly match: MatchDeletePaths = async (paths, files, signal) => {
    const byPath = groupBy(files, ({ recordedPath }) => recordedPath)
    const names = new Set(Array.from(byPath.keys(), baseName))
    const slices = new Slices()
    const others = paths.filter(path => !byPath.has(path) && names.has(baseName(path)))
    await this.learn(others, signal)
    const matches = new Map<string, readonly number[]>()
    for (const path of paths) {
      const exact = byPath.get(path)
      if (exact !== undefined) matches.set(path, exact)
    }
    for (const path of others) {
      const meant = files.flatMap(({ recordedPath }, i) =>
        this.means(path, recordedPath) ? [i] : [],
      )
      if (meant.length > 0) matches.set(path, meant)
      if (slices.isOverNow) await slices.pause()
    }
    return matches
  }

  async #meaningOf(named: string, slices: Slices, signal?: AbortSignal): Promise<Meaning> {
    this.#live ??= await this.#options.live(signal)
    const alike = await inSlices(this.#live.recordedAs(baseName(named)), slices)
    if (alike.includes(named)) return { kind: 'file', path: named }
    const same = await kept(alike, path => this.#isSame(named, path), slices)
    if (same.length > 1) return { kind: 'unclear', candidates: same }
    if (same.length === 1) return { kind: 'file', path: same[0]! }
    const candidates = await kept(alike, path => this.#sharesTail(named, path), slices)
    const [only] = candidates
    if (only === undefined) return { kind: 'gone' }
    const moved = candidates.length === 1 && (await this.#wasMoved(named, only, signal))
    return moved ? { kind: 'file', path: only } : { kind: 'unclear', candidates }
  }

  #isSame(named: string, recordedPath: string): boolean {
    const { resolve } = this.#options
    return isSamePlace(named, recordedPath) || isSamePlace(resolve(named), resolve(recordedPath))
  }

  /** True where a move of a folder could have made the one of the other. */
  #sharesTail(named: string, recordedPath: string): boolean {
    const below = this.#belowTable(recordedPath)
    const namedBelow = this.#belowTable(named)
    if (below === undefined && namedBelow === undefined) return true
    return (
      (below !== undefined && named.endsWith(`/${below}`)) ||
      (namedBelow !== undefined && recordedPath.endsWith(`/${namedBelow}`))
    )
  }

  #belowTable(path: string): string | undefined {
    const { tableLocation } = this.#options
    if (tableLocation === undefined) return undefined
    const root = `${spelledPlace(withoutSlash(tableLocation))}/`
    const place = spelledPlace(path)
    return place.startsWith(root) ? place.slice(root.length) : undefined
  }

  /** Decides for all deletes below one root at once: all of them were written before the move, or none. */
  async #wasMoved(named: string, recordedPath: string, signal?: AbortSignal): Promise<boolean> {
    const below = this.#belowTable(recordedPath)
    if (below === undefined || !named.endsWith(`/${below}`)) return false
    const root = named.slice(0, -below.length)
    const known = this.#moves.get(root)
    if (known !== undefined) return known
    const moved = await this.#isMove(root, signal)
    this.#moves.set(root, moved)
    return moved
  }

  async #isMove(root: string, signal?: AbortSignal): Promise<boolean> {
    if (this.#belowTable(root) !== undefined) return false
    const slices = new Slices()
    for (const path of this.#live!.recordedPaths()) {
      if (this.#belowTable(path) === undefined) return false
      if (slices.isOver) await slices.pause()
    }
    for (const details of await this.#options.deletes(signal)) {
      if (!(await inSlices(namesOnlyBelow(details, root), slices))) return false
    }
    // A root that holds files of the table is another place, not an earlier name of this one.
    return !(await this.#options.everListed(root, signal))
  }
}

/** Paths that `isKept` keeps, in slices: each look takes two spellings apart. */
async function kept(
  paths: readonly string[],
  isKept: (path: string) => boolean,
  slices: Slices,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of paths) {
    if (isKept(path)) found.push(path)
    if (slices.isOver) await slices.pause()
  }
  return found
}

/** Delete files that are looked at in a step: about a millisecond. */
const ROWS_IN_A_STEP = 1024

/** True where every data file that the delete files name, as far as a manifest tells, is spelled below `root`. */
function* namesOnlyBelow(
  { target, pathLower, pathUpper }: DeleteDetails,
  root: string,
): Steps<boolean> {
  for (let row = 0; row < target.offsets.length - 1; row++) {
    for (const column of [target, pathLower, pathUpper]) {
      const path = readString(column, row)
      if (path !== '' && !path.startsWith(root)) return false
    }
    if (row % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  return true
}

function holds(meaning: Meaning, named: string, recordedPath: string): boolean {
  if (meaning.kind === 'gone') return false
  if (meaning.kind === 'file') return meaning.path === recordedPath
  if (!meaning.candidates.includes(recordedPath)) return false
  const { candidates } = meaning
  const more = candidates.length - MOST_SHOWN
  const alike = [...candidates.slice(0, MOST_SHOWN), ...(more > 0 ? [`${more} more`] : [])]
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `a delete names ${named}, which is no file of the table, and ${alike.join(' and ')} ${alike.length > 1 ? 'end' : 'ends'} like it: whether it is the same one cannot be told, and a rebase rule could say so`,
    { context: { named, path: recordedPath } },
  )
}

/** Files that an error names of those that a delete may mean: each partition may have one. */
const MOST_SHOWN = 5

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>()
  for (const [i, item] of items.entries()) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [i])
    else group.push(i)
  }
  return groups
}
