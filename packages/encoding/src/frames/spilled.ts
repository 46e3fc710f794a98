import type { BatchSpill, SpillKey } from '@spillway/core'
import { Frames } from './frames.js'

/** What `decode` makes of the frames under a key; undefined where there are none, or they are not what it expects, and go. */
export async function readSpilled<T>(
  spill: BatchSpill,
  key: SpillKey,
  decode: (frames: Frames) => T,
): Promise<T | undefined> {
  const bytes = await spill.read(key)
  if (bytes === undefined) return undefined
  try {
    return decode(new Frames(bytes))
  } catch {
    // Whole, and of this very key: another version of this code that forgot to say so, or a hand that made it. It is decoded anew.
    spill.drop(key)
    return undefined
  }
}
