import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '@spillway/core'

/** Paths signed before others get a turn: some ten milliseconds of work. */
const TURN = 2048

/** `sign` of every path. A batch may hold a million, and one request must not stop the whole process for seconds. */
export async function signInTurns(
  paths: readonly string[],
  sign: (path: string) => string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const urls: string[] = new Array(paths.length)
  for (let i = 0; i < paths.length; i++) {
    if (i % TURN === 0 && i > 0) await setImmediate()
    if (i % TURN === 0) throwIfCancelled(signal)
    urls[i] = sign(paths[i]!)
  }
  return urls
}
