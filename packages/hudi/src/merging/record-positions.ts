import { type DataFile, DEFAULT_BUDGETS, type Steps } from '@spillway/core'
import { Inflation, readRoaring64InSteps } from '@spillway/encoding'
import { parseFileName } from '../file-groups/file-name.js'
import { LOG_HEADER, type LogBlock } from '../log-files/log-file.js'

/** Rows of the base file that the records of log blocks change, in the order of the records. */
export type RecordPositions = ReadonlyMap<LogBlock, readonly number[]>

/**
 * The positions that every block states over this base file; undefined where one does not. From version 8 on, Hudi's
 * reader merges by them where it can: all rows of a key that is there more than once are changed then, and the first of
 * them alone where it goes by keys.
 */
export function* recordPositions(
  blocks: readonly LogBlock[],
  { recordedPath }: Pick<DataFile, 'recordedPath'>,
): Steps<RecordPositions | undefined> {
  const name = recordedPath.slice(recordedPath.lastIndexOf('/') + 1)
  const instant = parseFileName(name)?.instant
  const found = new Map<LogBlock, readonly number[]>()
  for (const block of blocks) {
    const positions = yield* positionsIn(block, instant)
    if (positions === undefined) return undefined
    found.set(block, positions)
  }
  return found
}

/** Positions that are taken in at once. */
const POSITIONS_IN_A_STEP = 4096

function* positionsIn(
  { header, path, content }: LogBlock,
  instant: string | undefined,
): Steps<readonly number[] | undefined> {
  const text = header.get(LOG_HEADER.positions)
  if (!text || header.get(LOG_HEADER.positionsBase) !== instant) return undefined
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  const bitmap = yield* readRoaring64InSteps(bytes, path, content.budgets)
  const room = { what: 'the record positions of a log block', storedBytes: content.size, path }
  new Inflation(content.budgets ?? DEFAULT_BUDGETS, room).take(bitmap.cardinality * 8)
  const positions: number[] = []
  for (const position of bitmap) {
    positions.push(position)
    if (positions.length % POSITIONS_IN_A_STEP === 0) yield
  }
  return positions.length === 0 ? undefined : positions
}
