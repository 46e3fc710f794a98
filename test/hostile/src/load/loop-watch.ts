// Loaded into the server's process before the server (`--import`): notes when its event loop was held, and answers what
// the bench asks over the process' channel. A worker takes the samples by which the holds are named, so that neither
// collecting nor reading them holds the loop.
import { isMainThread, Worker } from 'node:worker_threads'
import type { Hold, NamedHold } from './name-holds.js'
import { processorClock } from './processor-time.js'

/** `settle` collects garbage first; `holds` are those since the last time they were asked for. */
export type Question = 'sample' | 'settle' | 'holds'

export interface ProcessState {
  readonly rss: number
  /** JavaScript's and buffers' bytes together. */
  readonly heap: number
  readonly sockets: number
  readonly handles: number
}

export type Answer = ProcessState | { readonly holds: readonly NamedHold[] }

/** How often the loop is looked at. */
const TICK_MS = 5

if (isMainThread && process.send !== undefined) watch()

function watch(): void {
  const atLeast = Number(process.env.SPILLWAY_HOLD_MS ?? 30)
  const sampleMicroseconds = Number(process.env.SPILLWAY_SAMPLE_US ?? 1000)
  const holds: Hold[] = []
  const lookAgain = lookAtLoop(holds, atLeast)
  const sampler =
    sampleMicroseconds === 0
      ? undefined
      : new Worker(new URL('./sample-stacks.js', import.meta.url), {
          workerData: { sampleMicroseconds },
          execArgv: [],
        })
  sampler?.unref()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => sampler?.postMessage('end'))
  }
  process.on('message', async (question: Question) => {
    if (question === 'holds') {
      const named = await namesOf(holds.splice(0), sampler)
      // Starting to take samples anew holds the loop for tens of milliseconds, which are not the server's.
      setTimeout(() => {
        holds.splice(0)
        process.send!({ holds: named } satisfies Answer)
      }, 2 * TICK_MS)
      return
    }
    if (question === 'settle') {
      for (let i = 0; i < 3; i++) globalThis.gc?.()
      // What the bench asked for is no hold of the server's.
      lookAgain()
    }
    process.send!(stateOf())
  })
  process.channel?.unref()
}

/** What it returns has what was done since the last look forgotten. */
function lookAtLoop(holds: Hold[], atLeast: number): () => void {
  const processor = processorClock()
  const look = () => ({ at: process.hrtime(), waited: processor().waited })
  let last = look()
  setInterval(() => {
    const now = look()
    const held = millisecondsOf(now.at) - millisecondsOf(last.at) - TICK_MS
    if (held >= atLeast) {
      const to = millisecondsOf(now.at) * 1000
      holds.push({ from: to - held * 1000, to, waitedMs: Math.min(held, now.waited - last.waited) })
    }
    last = now
  }, TICK_MS).unref()
  return () => {
    last = look()
  }
}

function millisecondsOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6
}

async function namesOf(
  holds: readonly Hold[],
  sampler: Worker | undefined,
): Promise<readonly NamedHold[]> {
  if (sampler === undefined) {
    return holds.map(({ from, to, waitedMs }) => ({
      ms: (to - from) / 1000 - waitedMs,
      waitedMs,
      name: '(not sampled)',
      share: 0,
    }))
  }
  return new Promise((resolve, reject) => {
    sampler.once('message', resolve)
    sampler.once('error', reject)
    sampler.postMessage(holds)
  })
}

function stateOf(): ProcessState {
  const { rss, heapUsed, external } = process.memoryUsage()
  const handles = process.getActiveResourcesInfo()
  return {
    rss,
    heap: heapUsed + external,
    sockets: handles.filter(name => name === 'TCPSocketWrap').length,
    handles: handles.length,
  }
}
