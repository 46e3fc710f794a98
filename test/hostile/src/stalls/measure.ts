import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Asked,
  ask,
  keptConnections,
  type Latencies,
  latenciesOf,
  type Question,
} from '../load/ask.js'
import type { NamedHold } from '../load/name-holds.js'
import { type ServerProcess, startServerProcess, tablePath } from '../load/server-process.js'
import type { HeavyInput } from './inputs.js'

export interface StallMeasure {
  /** What the light recipient waited, while the heavy one was answered. */
  readonly light: Latencies
  readonly heavy: Omit<Asked, 'body'>
  /** Longest first. */
  readonly holds: readonly NamedHold[]
  readonly rss: number
}

export interface MeasureOptions {
  readonly folder: string
  readonly heavy: string
  readonly light: string
  readonly holdMs: number
  /** Milliseconds that the light recipient asks before; what it runs is compiled by then. */
  readonly warmMs: number
}

/** Asks a server that has just started for `input` once, while somebody else asks for a small table over and over. */
export async function measureStalls(
  input: HeavyInput,
  options: MeasureOptions,
): Promise<StallMeasure> {
  const server = await startServerProcess({
    folder: options.folder,
    tables: [
      { name: 'light', location: options.light },
      { name: 'heavy', location: options.heavy },
    ],
    recipients: ['light', 'heavy'],
    // Where logs are merged into.
    settings: { staging: { location: join(options.folder, 'staging') } },
    holdMs: options.holdMs,
  })
  try {
    await askOver(server, sleep(options.warmMs))
    await server.state('settle')
    await server.holds()
    const reading = readHeavy({
      endpoint: server.endpoint,
      token: 'heavy',
      path: `${tablePath('heavy')}/query`,
      body: input.query,
    })
    const light = await askOver(server, reading)
    // A hold is noted by the look that follows it.
    await sleep(50)
    const heavy = await reading
    const holds = [...(await server.holds())].sort((a, b) => b.ms - a.ms)
    const { rss } = await server.state('sample')
    return { light: latenciesOf(light), heavy, holds, rss }
  } finally {
    await server.stop()
  }
}

function readHeavy(question: Question): Promise<StallMeasure['heavy']> {
  const reader = fork(new URL('./heavy-reader.js', import.meta.url))
  return new Promise((resolve, reject) => {
    reader.once('message', message => resolve(message as StallMeasure['heavy']))
    reader.once('exit', code => reject(new Error(`the heavy reader ended with ${code}`)))
    reader.send(question)
  })
}

/** Milliseconds that each of the light recipient's queries took, until `done`. */
async function askOver(server: ServerProcess, done: Promise<unknown>): Promise<readonly number[]> {
  let isDone = false
  const end = () => {
    isDone = true
  }
  done.then(end, end)
  const agent = keptConnections()
  const waited: number[] = []
  const question = {
    endpoint: server.endpoint,
    token: 'light',
    path: `${tablePath('light')}/query`,
    body: {},
    agent,
  }
  while (!isDone) {
    const { status, ms } = await ask(question)
    if (status !== 200) throw new Error(`the light recipient was answered with ${status}`)
    waited.push(ms)
  }
  agent.destroy()
  return waited
}
