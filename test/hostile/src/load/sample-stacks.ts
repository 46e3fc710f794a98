// The worker of loop-watch.ts: takes samples of the first thread's stack, and names holds by them.
import { type Profiler, Session } from 'node:inspector/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { type Hold, nameHolds } from './name-holds.js'

const { sampleMicroseconds } = workerData as { readonly sampleMicroseconds: number }
const session = new Session()
session.connectToMainThread()
let before: Promise<unknown> = start()

// Listening keeps the worker; waiting for the session alone would not.
parentPort!.on('message', (holds: readonly Hold[] | 'end') => {
  before = before.then(() => (holds === 'end' ? end() : answer(holds)))
})

async function start(): Promise<void> {
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: sampleMicroseconds })
  await session.post('Profiler.start')
}

async function answer(holds: readonly Hold[]): Promise<void> {
  const { profile }: { profile: Profiler.Profile } = await session.post('Profiler.stop')
  await session.post('Profiler.start')
  parentPort!.postMessage(nameHolds(holds, profile))
}

/** A process that ends waits for whoever is still connected. */
async function end(): Promise<void> {
  await session.post('Profiler.stop')
  session.disconnect()
  parentPort!.close()
}
