/** How the simulated service behaves. */
export interface Climate {
  readonly seed: number
  /** Until the first byte of an answer: half of all requests take less. */
  readonly medianMs: number
  /** One request in a hundred takes longer. */
  readonly p99Ms: number
  /** Of one answer, behind its first byte. */
  readonly bytesPerSecond: number
  /** Requests that are answered at once; others wait for their turn. */
  readonly concurrency: number
  /** Keys or common prefixes in a page of a listing, at most. */
  readonly pageSize: number
  /** The part of requests that is refused with 503 when it is first asked, from 0 to 1. */
  readonly refused: number
}

/** About what S3 Standard is like from a machine in its region: 20 ms, seldom 60, some 90 MB/s a connection. */
export const ORDINARY: Climate = {
  ...{ seed: 1, medianMs: 20, p99Ms: 60, bytesPerSecond: 90_000_000 },
  ...{ concurrency: 64, pageSize: 1000, refused: 0.005 },
}

export interface Fate {
  readonly waitMs: number
  readonly isRefused: boolean
}

/**
 * What happens to a request that is asked for the `attempt`th time (from 0). It depends on the request alone, not on what
 * was asked before it, so that contenders who ask for the same wait for the same; a refused request is not refused again.
 */
export function fateOf(climate: Climate, request: string, attempt: number): Fate {
  const first = uniform(climate.seed, `${attempt} ${request}`)
  const second = uniform(climate.seed + 1, `${attempt} ${request}`)
  // Box and Muller's transform: a normal from two uniforms. 2.326 deviations are the 99th percentile.
  const normal = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second)
  const deviation = Math.log(climate.p99Ms / climate.medianMs) / 2.326
  const isRefused = attempt === 0 && uniform(climate.seed + 2, request) < climate.refused
  return { waitMs: climate.medianMs * Math.exp(deviation * normal), isRefused }
}

/** FNV-1a with a final mix, as a number from 0 to below 1. */
function uniform(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
