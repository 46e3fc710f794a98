import { inSlices, type TableMetadata } from '@spillway/core'
import type { SignedChange, SignedChangeSet, SignedChanges } from '@spillway/engine'
import {
  deltaLines,
  encodeMetaDataInSteps,
  encodeProtocol,
  type LineOptions,
  parquetLines,
} from '@spillway/protocol'
import type { NoteSigned } from '../downloads/note-signed.js'
import type { RequestContext } from '../requests/request-context.js'
import type { Answer } from '../requests/table-request.js'
import { gather } from '../streaming/ndjson.js'

/** Where a page of a range of commits starts: `skip` files into `version`. */
export interface ChangeMark {
  readonly version: bigint
  readonly skip: number
}

export interface ChangeLines {
  /** From the commit before `from`, where there is one, so that what `from` changed can be told. */
  readonly changes: SignedChanges
  readonly noted: NoteSigned
  readonly answer: Answer
  /** Metadata lines of the commits that changed it. */
  readonly historicalMetadata: boolean
  /** Protocol lines likewise; delta format only. */
  readonly historicalProtocol: boolean
  readonly from: ChangeMark
  readonly maxFiles: number | undefined
  /** The last line; `next` is where the next page starts, undefined on the last. */
  readonly end: ((next: ChangeMark | undefined) => string) | undefined
}

/** Blocks of lines of one range of commits, in order. */
export async function* changeLines(
  { record }: RequestContext,
  options: ChangeLines,
): AsyncGenerator<string> {
  const { answer, from } = options
  const history = historyOf(options)
  let unsent = answer.header
  let left = options.maxFiles ?? Number.POSITIVE_INFINITY
  let version = -1n
  let seen = 0
  let next: ChangeMark | undefined

  for await (const set of options.changes) {
    const { before, lines } = await history(set)
    if (set.version < from.version) continue
    if (set.version !== version) seen = 0
    version = set.version
    const skipped = version === from.version ? Math.max(0, from.skip - seen) : 0
    const wanted = set.changes.slice(skipped)
    const page = wanted.slice(0, left)
    if (page.length > 0 || wanted.length === 0) unsent += before
    options.noted(page)
    for (const block of gather(page, lineOf(answer, lines))) {
      yield unsent + block
      unsent = ''
    }
    record.filesReturned = (record.filesReturned ?? 0) + page.length
    left -= page.length
    seen += skipped + page.length
    if (page.length < wanted.length) {
      next = { version, skip: seen }
      break
    }
  }
  unsent += options.end?.(next) ?? ''
  if (unsent !== '') yield unsent
}

/** The line of a change, by the format of the answer. */
function lineOf({ negotiated }: Answer, lines: LineOptions): (change: SignedChange) => string {
  if (negotiated.format === 'delta') {
    const delta = deltaLines(lines)
    return change => delta(change.action, change)
  }
  const parquet = parquetLines(lines)
  return change => parquet(change.action === 'cdc' ? 'cdf' : change.action, change)
}

/** Follows the table's metadata through its commits; the first is what the header, or an earlier page, has told. */
function historyOf(options: ChangeLines) {
  const { answer } = options
  let current: TableMetadata | undefined
  let partitions = answer.lines.partitionFields

  return async (
    set: SignedChangeSet,
  ): Promise<{ readonly before: string; readonly lines: LineOptions }> => {
    const changed = set.metadata
    const before =
      changed === undefined || current === undefined
        ? ''
        : await changeOf(current, changed, options, set)
    if (changed !== undefined) {
      current = changed
      partitions = answer.negotiated.partitionFields(changed)
    }
    const { version, timestamp } = set
    return {
      before,
      lines: {
        ...answer.lines,
        metadata: current ?? answer.lines.metadata,
        partitionFields: partitions,
        at: { version, timestamp },
      },
    }
  }
}

/** The lines that tell what a commit changed of the table itself. */
async function changeOf(
  from: TableMetadata,
  to: TableMetadata,
  options: ChangeLines,
  { version }: SignedChangeSet,
): Promise<string> {
  const { negotiated } = options.answer
  const protocol = (metadata: TableMetadata) => encodeProtocol(metadata, negotiated)
  const metaData = (metadata: TableMetadata) =>
    inSlices(encodeMetaDataInSteps(metadata, negotiated, { version }))
  let lines = ''
  if (
    options.historicalProtocol &&
    negotiated.format === 'delta' &&
    protocol(from) !== protocol(to)
  ) {
    lines += encodeProtocol(to, negotiated, { version })
  }
  if (!options.historicalMetadata) return lines
  const told = await metaData(to)
  if ((await metaData(from)) !== told) lines += told
  return lines
}
