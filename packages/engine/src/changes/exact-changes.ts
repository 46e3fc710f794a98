import {
  type Accepts,
  type ChangeSet,
  createSchema,
  type DataFile,
  inSlices,
  mapConcurrently,
  type Predicate,
  Slices,
  type Snapshot,
  storedBitmap,
  TableError,
  type TableMetadata,
  type TableSource,
  unknownStats,
} from '@spillway/core'
import { type ExactFile, listed, makeExact } from '../exact/exact-files.js'
import { Listings } from '../exact/listings.js'
import { heldVector, inOwnFile } from '../exact/vectors.js'
import { needsShapes } from '../fitting/fitted-files.js'
import { Fitter } from '../fitting/fitter.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import { checkInlineVectors, hasInlineVectors, OutsideFiles } from '../roots/outside-files.js'
import type { AnswerContext } from '../signing/sign-exact.js'
import { canView } from '../signing/sign-exact.js'
import { isPacked, refuseChange, refuseMetadata } from './refuse-change.js'

export interface ExactChangesOptions {
  readonly source: TableSource
  readonly accepts: Accepts
  readonly context: AnswerContext
  /** Only some of the table's files are handed out. */
  readonly grant?: Predicate | undefined
}

const CONCURRENT_FILES = 4

const FOOTERS_AT_ONCE = 1024

/** Makes the files of one range of changes exact, or refuses them. Sets come in order, the first with its metadata. */
export class ExactChanges {
  readonly #options: ExactChangesOptions
  /** Most changes wait for nothing: without turns, all of a commit would be one piece of work. */
  readonly #slices = new Slices()
  #exact: ExactRows | undefined
  readonly #fitters = new WeakMap<Snapshot, Fitter>()
  readonly #typed = new WeakMap<Snapshot, Snapshot>()
  #outside: OutsideFiles | undefined
  #listed:
    | ({ readonly version: bigint } & Readonly<Record<ChangedFile['action'], Listings>>)
    | undefined

  constructor(options: ExactChangesOptions) {
    this.#options = options
  }

  /** Throws where a change of `set` cannot be sent to this recipient. */
  async check(set: ChangeSet): Promise<void> {
    const exact = this.#follow(set)
    this.#outside ??= new OutsideFiles(this.#options.context.roots)
    // Nothing that lies outside is opened: what else could be wrong is not looked for beside it.
    for (const { file } of set.changes) {
      this.#outside.add([file])
      if (hasInlineVectors(file)) await inSlices(checkInlineVectors(file), this.#slices)
      else if (this.#slices.isOver) await this.#slices.pause()
    }
    if (!this.#outside.isEmpty) return
    await this.#readShapes(set, exact)
    for (const { action, file, snapshot = exact.snapshot } of set.changes) {
      if (this.#slices.isOver) await this.#slices.pause()
      const own = { ...exact, snapshot }
      const recipient = { ...this.#options, action, exact: own, fitter: this.#fitterOf(own) }
      await refuseChange(file, set.version, recipient)
    }
  }

  /** Many at a time; one by one they are known then. */
  async #readShapes({ changes }: ChangeSet, exact: ExactRows): Promise<void> {
    if (!needsShapes(exact)) return
    const files = changes
      .map(({ file }) => file)
      .filter(({ fileFormat }) => fileFormat === 'parquet')
    const sized = files.filter(({ size }) => size > 0)
    for (let start = 0; start < sized.length; start += FOOTERS_AT_ONCE) {
      const some = sized.slice(start, start + FOOTERS_AT_ONCE)
      await exact.shapes?.of(some, this.#options.context.signal)
    }
  }

  /** Throws where a change that was checked lies outside the table. */
  refuseOutside(): void {
    this.#outside?.refuse()
  }

  /** The changes of `set` as they are sent, after it was checked. */
  async of(set: ChangeSet): Promise<readonly ChangedFile[]> {
    const exact = this.#follow(set)
    const { signal } = this.#options.context
    if (this.#slices.isOverNow) await this.#slices.pause()
    const numbers = this.#listingsOf(set, exact)
    const sent = await mapConcurrently(set.changes, CONCURRENT_FILES, async (change, i) => {
      if (this.#slices.isOver) await this.#slices.pause()
      const { action, file, snapshot = exact.snapshot } = change
      const own = { ...exact, snapshot: action === 'cdc' ? this.#typedOf(snapshot) : snapshot }
      const files = await exactFiles(file, own, { fitter: this.#fitterOf(own), signal })
      return listed(files, numbers[i]).map(each => ({ ...each, action }))
    })
    return sent.flat()
  }

  /** Files of one schema are held against it by one fitter. */
  #fitterOf(exact: ExactRows): Fitter {
    const known = this.#fitters.get(exact.snapshot) ?? new Fitter(exact)
    this.#fitters.set(exact.snapshot, known)
    return known
  }

  #typedOf(snapshot: Snapshot): Snapshot {
    const known = this.#typed.get(snapshot) ?? withChangeType(snapshot)
    this.#typed.set(snapshot, known)
    return known
  }

  /** Of each version anew, and of what it removed apart from what it added: readers pair the two by their URLs. */
  #listingsOf({ version, changes }: ChangeSet, { snapshot }: ExactRows) {
    if (snapshot.mayRepeatFiles !== true) return []
    if (this.#listed?.version !== version) {
      this.#listed = { version, add: new Listings(), remove: new Listings(), cdc: new Listings() }
    }
    const listings = this.#listed
    return changes.map(({ action, file }) => listings[action].next(file))
  }

  #follow({ metadata, version }: ChangeSet): ExactRows {
    const { source, context } = this.#options
    if (metadata !== undefined) {
      refuseMetadata(metadata, this.#options.accepts)
      const { resolver, store, shapes } = context
      const snapshot = withoutFiles(metadata, source)
      const accepts = acceptedOf(metadata, this.#options.accepts)
      this.#exact = {
        snapshot,
        accepts,
        resolver,
        store,
        shapes,
        canView: canView(context),
        sharedInPart: this.#options.grant !== undefined,
      }
    }
    if (this.#exact !== undefined) return this.#exact
    throw new TableError(
      'INTERNAL',
      `the first changes, of version ${version}, come without the table's metadata`,
    )
  }
}

async function exactFiles(
  file: DataFile,
  exact: ExactRows,
  { fitter, signal }: { readonly fitter: Fitter; readonly signal: AbortSignal | undefined },
): Promise<readonly ExactFile[]> {
  const [fitted] = await fitter.fit([file], signal)
  // Delta's vectors are sent as they were recorded: readers pair the two states of a file by them.
  if (exact.snapshot.deletes === 'delta-vectors' && fitted!.misfit === undefined) {
    return [await asRecorded(file, exact, signal)]
  }
  return makeExact(fitted!, exact, signal)
}

export interface ChangedFile extends ExactFile {
  readonly action: ChangeSet['changes'][number]['action']
}

/**
 * Spark's connector takes the two states of a file whose vectors travel inside the lines for the whole file, removed and
 * added: only Delta's own vectors, which have files of their own, are sent among changes. Others' deletes are rewritten.
 */
function acceptedOf({ deletes }: TableMetadata, accepts: Accepts): Accepts {
  if (deletes === 'delta-vectors') return accepts
  const features = [...accepts.features].filter(feature => feature !== 'deletionVectors')
  return { ...accepts, features: new Set(features) }
}

/** What resolving deletes needs of a table: its schema and where it is. */
function withoutFiles(metadata: TableMetadata, source: TableSource): Snapshot {
  return { ...metadata, source, files: { handles: [], summaries: unknownStats(0) } }
}

/** The table as files of recorded changes hold it. */
function withChangeType(snapshot: Snapshot): Snapshot {
  const { fields } = snapshot.schema
  const id = Math.max(0, ...fields.map(field => field.id)) + CHANGE_TYPE_ID
  const name = '_change_type'
  const type = { id, name, physicalName: name, type: 'string', nullable: true } as const
  return { ...snapshot, schema: createSchema([...fields, type]) }
}

/** Far above ids of nested fields. */
const CHANGE_TYPE_ID = 1_000_000

async function asRecorded(
  file: DataFile,
  exact: ExactRows,
  signal: AbortSignal | undefined,
): Promise<ExactFile> {
  const vector = file.deletes[0]
  if (vector?.kind !== 'deletion-vector') return { file }
  if (isPacked(vector, exact)) return { file, ...(await inOwnFile(vector, file, exact, signal)) }
  if (storedBitmap(vector) !== undefined) return { file, vector }
  return { file, vector: await heldVector(vector, file, exact, signal) }
}
