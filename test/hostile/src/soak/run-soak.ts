import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '@spillway/testkit'
import { ask, keptConnections, type Latencies, latenciesOf } from '../load/ask.js'
import type { MemorySample } from '../load/flatness.js'
import type { NamedHold } from '../load/name-holds.js'
import {
  type ServerProcess,
  type ServerSetup,
  startServerProcess,
  tablePath,
} from '../load/server-process.js'
import { ACTORS, type Soak } from './actors.js'
import { type Caller, query, summaryOf } from './answer-lines.js'
import { growingTable } from './growing-table.js'
import { sampleTables } from './sample-tables.js'

export interface SoakOptions {
  readonly folder: string
  readonly seconds: number
  readonly seed: number
  /** Recipients that act at the same time. */
  readonly recipients: number
}

export interface SoakResult {
  /** By what was done; with how long it took. */
  readonly acts: Readonly<Record<string, Latencies>>
  readonly failures: readonly string[]
  readonly samples: readonly MemorySample[]
  /** Seconds, the longest of all looks at `/metrics`; collecting garbage for a sample of memory is in it. */
  readonly lag: number
  readonly holds: readonly NamedHold[]
  readonly commits: number
  readonly reloads: number
  readonly left: {
    readonly sockets: number
    readonly handles: number
    readonly handlesBefore: number
  }
}

/** Everybody at once, until the time is over; what was wrong is said and the rest goes on. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { folder, seconds } = options
  const tables = await sampleTables(folder)
  const growing = await growingTable(join(folder, 'growing'))
  await growing.append()
  const names = Array.from({ length: options.recipients }, (_, i) => `recipient-${i}`)
  const setup: ServerSetup = {
    folder,
    tables: [...tables, { name: 'growing', location: growing.location, history: true }],
    recipients: [...names, 'revoked'],
    settings: {
      staging: { location: join(folder, 'staging') },
      // All are at one address, and some ask wrongly on purpose: whoever is put back would be answered 429 for their failures.
      server: { limits: { failedAuthentications: 1_000_000 } },
    },
    sampleMicroseconds: 5000,
  }
  const server = await startServerProcess(setup)
  try {
    const known = await knownAnswers(server, tables)
    const before = await server.state('settle')
    await server.holds()
    const end = performance.now() + seconds * 1000
    const shared = { growing, known, digests: new Map<string, string>() }
    const log = { acts: new Map<string, number[]>(), failures: [] as string[] }
    const agents = names.map(() => keptConnections())
    const watch = watching(server, seconds)
    const [reloads] = await Promise.all([
      revoking(server, setup, end).catch(error => failed(log.failures, 'revoking', error)),
      appending(growing, end),
      watch.done,
      ...names.map((token, i) =>
        acting(
          {
            ...shared,
            caller: { endpoint: server.endpoint, token, agent: agents[i]! },
            random: new Random(options.seed + i),
          },
          log,
          end,
        ),
      ),
    ])
    for (const agent of agents) agent.destroy()
    await sleep(1500)
    const after = await server.state('settle')
    return {
      acts: Object.fromEntries([...log.acts].map(([name, ms]) => [name, latenciesOf(ms)])),
      failures: log.failures,
      samples: watch.samples,
      lag: watch.lag(),
      holds: [...watch.holds, ...(await server.holds())],
      commits: growing.version,
      reloads: reloads ?? 0,
      left: { sockets: after.sockets, handles: after.handles, handlesBefore: before.handles },
    }
  } finally {
    await server.stop()
  }
}

async function knownAnswers(server: ServerProcess, tables: readonly { readonly name: string }[]) {
  const agent = keptConnections()
  const caller: Caller = { endpoint: server.endpoint, token: 'recipient-0', agent }
  const known = new Map<string, string>()
  for (const { name } of tables) known.set(name, summaryOf(await query(caller, name, {})))
  agent.destroy()
  return known
}

interface Log {
  readonly acts: Map<string, number[]>
  readonly failures: string[]
}

/** Between two things that it does a recipient waits a moment, as they do. */
const MOST_PAUSE_MS = 40

async function acting(soak: Soak, log: Log, end: number): Promise<void> {
  const names = Object.keys(ACTORS)
  while (performance.now() < end) {
    const name = soak.random.pick(names)
    const start = performance.now()
    try {
      await ACTORS[name]!(soak)
      const times = log.acts.get(name) ?? []
      times.push(performance.now() - start)
      log.acts.set(name, times)
    } catch (error) {
      failed(log.failures, name, error)
    }
    await sleep(soak.random.integer(0, MOST_PAUSE_MS))
  }
}

function failed(failures: string[], what: string, error: unknown): undefined {
  failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
}

const APPEND_MS = 250

async function appending(growing: Soak['growing'], end: number): Promise<void> {
  while (performance.now() < end) {
    await growing.append()
    await sleep(APPEND_MS)
  }
}

/** Takes one recipient out of the configuration and puts it back, over and over. Gives how often. */
async function revoking(server: ServerProcess, setup: ServerSetup, end: number): Promise<number> {
  const without = { ...setup, recipients: setup.recipients.filter(name => name !== 'revoked') }
  let times = 0
  while (performance.now() + 4000 < end) {
    await server.configure(times % 2 === 0 ? without : setup)
    await sleep(3000)
    const { status } = await ask({
      endpoint: server.endpoint,
      token: 'revoked',
      path: `${tablePath('growing')}/version`,
    })
    times++
    const isOut = times % 2 === 1
    if (isOut ? ![401, 403].includes(status) : status !== 200) {
      throw new Error(`a recipient who is ${isOut ? 'out' : 'in'} was answered ${status}`)
    }
  }
  return times
}

function watching(server: ServerProcess, seconds: number) {
  const samples: MemorySample[] = []
  const holds: NamedHold[] = []
  let lag = 0
  const everyMs = Math.min(5000, (seconds * 1000) / 10)
  const done = (async () => {
    const start = performance.now()
    while (performance.now() - start < seconds * 1000) {
      await sleep(everyMs)
      lag = Math.max(lag, await lagOf(server))
      const { rss, heap } = await server.state('settle')
      samples.push({ seconds: (performance.now() - start) / 1000, rss, heap })
      holds.push(...(await server.holds()))
    }
  })()
  return { samples, holds, lag: () => lag, done }
}

async function lagOf({ adminUrl }: ServerProcess): Promise<number> {
  const { body } = await ask({ endpoint: adminUrl, path: '/metrics', keep: true })
  const text = body.toString('utf8')
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1] ?? 0)
}
