import { TableError } from '@spillway/core'
import { sleep } from '../../http/retry.js'
import { type Announced, announce, othersAlive } from './announced.js'
import type { Folder } from './destination.js'

export interface HeldLock {
  release(): Promise<void>
}

/** Of two that begin in the same moment each sees the other: both step back, and come again one after the other. */
const TRIES = 6
const STEP_BACK_MS = 100

/**
 * One download at a time writes into a folder. Each announces itself by a file of its own, and goes on where no other that
 * lives has done so. What a killed process left is removed; of processes that cannot be looked at, on another machine or in
 * another container, once they have not touched it for a minute. `onLost` is called where somebody took ours for such.
 */
export async function takeLock(
  folder: Folder,
  { onLost, signal }: { readonly onLost: () => void; readonly signal?: AbortSignal | undefined },
): Promise<HeldLock> {
  for (let tries = 1; ; tries++) {
    const own = await announce(folder, onLost)
    const { value: other } = await othersAlive(folder, own).next()
    if (other === undefined) return own
    await own.release()
    if (tries >= TRIES) throw busy(other)
    await sleep(STEP_BACK_MS * (0.5 + tries * Math.random()), signal)
  }
}

function busy({ pid, host, since }: Announced): TableError {
  return new TableError(
    'CONFLICT',
    `another download is writing into this folder (process ${pid} on ${host}, since ${since}): wait for it, or choose another folder`,
    { context: { pid } },
  )
}
