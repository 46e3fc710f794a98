import { TableError } from '@spillway/core'
import { LOG_HEADER, type LogBlock } from './log-file.js'

/** Which writes' blocks count. Rolled-back and unfinished writes leave theirs behind. */
export type BlockFilter = (instant: string) => boolean

/**
 * The data and delete blocks of a slice in the order they are to be merged (tech spec, "Log file format"): blocks of
 * unfinished writes are left out, a rollback command takes back the blocks of its target before it, and a
 * log-compacted block stands where the last of the blocks it merged stood.
 */
export function orderBlocks(blocks: readonly LogBlock[], counts: BlockFilter): readonly LogBlock[] {
  const byInstant = new Map<string, LogBlock[]>()
  const damaged: LogBlock[] = []
  for (const block of blocks) {
    if (block.type === 'command') rollBack(block, byInstant)
    else if (block.type === 'corrupt') damaged.push(block)
    else if (block.type !== 'cdc') {
      const instant = instantOf(block)
      if (!counts(instant)) continue
      const known = byInstant.get(instant)
      if (known === undefined) byInstant.set(instant, [block])
      else known.push(block)
    }
  }
  for (const block of damaged) refuseLoss(block, byInstant, counts)
  return placeCompacted(byInstant)
}

function instantOf(block: LogBlock): string {
  const instant = block.header.get(LOG_HEADER.instant)
  if (instant !== undefined) return instant
  throw new TableError('TABLE_CORRUPT', `a ${block.type} block of ${block.path} names no instant`, {
    context: { path: block.path },
  })
}

function rollBack(command: LogBlock, byInstant: Map<string, LogBlock[]>): void {
  const kind = command.header.get(LOG_HEADER.command)
  const target = command.header.get(LOG_HEADER.targetInstant)
  if (kind !== '0' || target === undefined) {
    throw new TableError('UNSUPPORTED_FEATURE', `command block ${kind} in ${command.path}`, {
      context: { path: command.path },
    })
  }
  byInstant.delete(target)
}

/**
 * A damaged block is what a failed attempt leaves: harmless where its write never finished, was taken back, or wrote
 * the block again. Anything else would be rows lost.
 */
function refuseLoss(
  block: LogBlock,
  byInstant: ReadonlyMap<string, readonly LogBlock[]>,
  counts: BlockFilter,
): void {
  const instant = block.header.get(LOG_HEADER.instant)
  if (instant !== undefined && (!counts(instant) || byInstant.has(instant))) return
  throw new TableError(
    'TABLE_CORRUPT',
    `log file ${block.path} holds a damaged block ${instant === undefined ? 'of an unknown write' : `of the completed write ${instant}`}`,
    { context: { path: block.path } },
  )
}

function placeCompacted(byInstant: Map<string, LogBlock[]>): readonly LogBlock[] {
  const replacedBy = new Map<string, string>()
  for (const [instant, [first]] of byInstant) {
    const merged = first!.header.get(LOG_HEADER.compactedInstants)
    for (const original of merged?.split(',') ?? []) replacedBy.set(original.trim(), instant)
  }
  if (replacedBy.size === 0) return [...byInstant.values()].flat()
  // From the last write back: a compacted block takes the place of the latest write it merged.
  const ordered: (readonly LogBlock[])[] = []
  const placed = new Set<string>()
  const originals = new Set([...replacedBy.keys()].filter(instant => byInstant.has(instant)))
  const present = new Set([...originals].map(instant => finalOf(instant, replacedBy)))
  for (const instant of [...byInstant.keys()].reverse()) {
    if (present.has(instant)) continue
    const final = finalOf(instant, replacedBy)
    if (placed.has(final)) continue
    placed.add(final)
    ordered.unshift(byInstant.get(final) ?? [])
  }
  return ordered.flat()
}

/** A compacted block may itself have been compacted. */
function finalOf(instant: string, replacedBy: ReadonlyMap<string, string>): string {
  let final = instant
  for (let steps = 0; steps <= replacedBy.size; steps++) {
    const next = replacedBy.get(final)
    if (next === undefined || next === final) return final
    final = next
  }
  return final
}
