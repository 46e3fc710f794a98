import { DEFAULT_BUDGETS, type ReadBudgets } from '@spillway/core'
import { Inflation } from '../compression/inflation.js'
import { badHFile } from './hfile-block.js'

/** Random access to the bytes of an HFile: an object, or the content of a log block inside one. */
export interface HFileSource {
  readonly size: number
  /** What reading it may cost; the defaults unless given. */
  readonly budgets?: ReadBudgets | undefined
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
}

/** What a block of `source` may take once it is inflated. */
export function roomOf({ budgets = DEFAULT_BUDGETS, size }: HFileSource): Inflation {
  return new Inflation(budgets, { what: 'an HFile block', storedBytes: size })
}

/** The bytes from `start` to `end`, all of them. */
export async function readExactly(
  source: HFileSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (start < 0 || end > source.size || start > end) {
    throw badHFile(`bytes ${start} to ${end} of ${source.size} were asked for`)
  }
  const bytes = await source.read(start, end, signal)
  if (bytes.length !== end - start) {
    throw badHFile(`${end - start} bytes were expected at ${start}, ${bytes.length} came`)
  }
  return bytes
}
