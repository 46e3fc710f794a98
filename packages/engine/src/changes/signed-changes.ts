import {
  type Accepts,
  type ChangeRange,
  type ChangeSet,
  type Predicate,
  Slices,
  TableError,
  type TableMetadata,
  type TablePart,
  type TableReader,
  type TableSource,
  throwIfCancelled,
} from '@spillway/core'
import { partitionGrant } from '../grants/partition-grant.js'
import {
  type AnswerContext,
  type SignedFile,
  signExact,
  signingWaits,
} from '../signing/sign-exact.js'
import { ExactChanges } from './exact-changes.js'

export interface SignedChange extends SignedFile {
  readonly action: 'add' | 'remove' | 'cdc'
}

/** Part of one commit, in order; a large commit comes in several parts, the first with its metadata. */
export interface SignedChangeSet {
  readonly version: bigint
  readonly timestamp: number
  readonly metadata?: TableMetadata | undefined
  readonly changes: readonly SignedChange[]
}

export interface SignedChangesOptions {
  readonly accepts: Accepts
  /** The partitions whose changes may be handed out at all. */
  readonly grant?: Predicate | undefined
  /** What the recipient is told of the table, once for all commits; absent where each commit's own metadata is told. */
  readonly declared?: TableMetadata | undefined
  readonly expiresInSeconds?: number
  /** See `SigningOptions`. */
  readonly audience?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SignedChanges extends AsyncIterable<SignedChangeSet> {
  readonly expiresAt: number | undefined
}

export interface ChangesRequest {
  readonly reader: TableReader
  readonly source: TableSource
  readonly range: ChangeRange
  readonly accepts: Accepts
  readonly grant?: Predicate | undefined
  readonly declared?: TableMetadata | undefined
  readonly context: AnswerContext
}

const CHANGES_PER_BATCH = 256
/** A range of at most this many changes is read once; a longer one is checked first and then read again. */
const BUFFERED_CHANGES = 20_000

export function signChanges(request: ChangesRequest): SignedChanges {
  let expiresAt: number | undefined

  async function* sets(): AsyncGenerator<SignedChangeSet> {
    const checked = await checkRange(request)
    const exact = new ExactChanges(request)
    const waits = signingWaits(request.context.signal)
    try {
      for await (const set of checked ?? readChanges(request)) {
        // One moment a commit: both states of a file that a vector changed must come under one URL, by which readers
        // pair them.
        const now = request.context.clock()
        const context = { ...request.context, waits, clock: () => now }
        for (const part of parts(set)) {
          throwIfCancelled(request.context.signal)
          const files = await exact.of(part)
          const signed = await signExact(files, context)
          for (const file of signed)
            expiresAt = Math.min(expiresAt ?? file.expiresAt, file.expiresAt)
          const changes = signed.map((file, index) => ({ ...file, action: files[index]!.action }))
          yield { ...part, changes }
        }
      }
    } finally {
      waits.end()
    }
  }

  return {
    get expiresAt() {
      return expiresAt
    },
    [Symbol.asyncIterator]: sets,
  }
}

function readChanges(request: ChangesRequest): AsyncIterable<ChangeSet> {
  const { reader, source, range, context, grant, declared } = request
  if (reader.changes === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `changes of ${reader.format} tables are not shared; query a snapshot instead`,
    )
  }
  const told = declared !== undefined && keepsIds(declared) ? declared : undefined
  const grantBy = grant && ((metadata: TableMetadata) => partitionGrant(grant, told ?? metadata))
  const asked = { ...range, grantBy }
  const found = reader.changes(source, asked, context.signal)
  const changes = told === undefined ? found : toldOnce(found, told)
  return grant === undefined ? changes : grantedChanges(changes, grant)
}

/** True where columns keep their ids under other names: files of every version can be made to fit one schema. */
function keepsIds({ changeFeed, columnMatching }: TableMetadata): boolean {
  return changeFeed === 'compared' && columnMatching.by === 'id'
}

/** Every file is made to fit the one schema that is told. */
async function* toldOnce(
  changes: AsyncIterable<ChangeSet>,
  declared: TableMetadata,
): AsyncGenerator<ChangeSet> {
  let isFirst = true
  for await (const { version, timestamp, changes: found } of changes) {
    const metadata = { ...declared, version, timestamp }
    yield { version, timestamp, ...(isFirst && { metadata }), changes: found }
    isFirst = false
  }
}

/** Not every reader leaves out by itself what is withheld. */
async function* grantedChanges(
  changes: AsyncIterable<ChangeSet>,
  grant: Predicate,
): AsyncGenerator<ChangeSet> {
  let part: TablePart | undefined
  const slices = new Slices()
  for await (const set of changes) {
    // The first set tells the table's metadata, and so does each that changes it.
    if (set.metadata !== undefined) part = partitionGrant(grant, set.metadata)
    const granted: ChangeSet['changes'][number][] = []
    for (const change of set.changes) {
      if (part?.holds(change.file)) granted.push(change)
      if (slices.isOver) await slices.pause()
    }
    yield { ...set, changes: granted }
  }
}

/** A fault anywhere in the range must be known before the first line. Returns the range where it is small enough. */
async function checkRange(request: ChangesRequest): Promise<readonly ChangeSet[] | undefined> {
  let buffered: ChangeSet[] | undefined = []
  let count = 0
  const exact = new ExactChanges(request)
  for await (const set of readChanges(request)) {
    throwIfCancelled(request.context.signal)
    await exact.check(set)
    count += set.changes.length + 1
    if (count > BUFFERED_CHANGES) buffered = undefined
    buffered?.push(set)
  }
  exact.refuseOutside()
  return buffered
}

function* parts(set: ChangeSet): Generator<ChangeSet> {
  if (set.changes.length <= CHANGES_PER_BATCH) yield set
  else {
    for (let start = 0; start < set.changes.length; start += CHANGES_PER_BATCH) {
      const changes = set.changes.slice(start, start + CHANGES_PER_BATCH)
      const { version, timestamp, metadata } = set
      yield start === 0 && metadata !== undefined
        ? { version, timestamp, metadata, changes }
        : { version, timestamp, changes }
    }
  }
}
