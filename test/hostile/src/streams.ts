#!/usr/bin/env node
/**
 * `npm run hostile:streams [-- --streams N] [--files N] [--seconds N] [--light N] [--p99 MS] [--json FILE]`
 * Recipients who each read a long answer at the same time, half of them slowly, and a few who ask for a small table one
 * query after the other: what the few wait, and the server's memory. Ends with 1 where the 99th percentile is above
 * `--p99`, memory grows, a stream breaks or sockets are left.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ask, keptConnections, latenciesOf } from './load/ask.js'
import { flatnessLine, flatnessOf, type MemorySample } from './load/flatness.js'
import { holdTable } from './load/hold-table.js'
import { lightTable } from './load/light-table.js'
import { type ServerProcess, startServerProcess, tablePath } from './load/server-process.js'
import { checkpointOfAdds } from './stalls/delta-inputs.js'
import type { CrowdOptions, CrowdState } from './streams/crowd.js'

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: process.env.SPILLWAY_STREAMS ?? '1000' },
    files: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: process.env.SPILLWAY_STREAM_SECONDS ?? '300' },
    light: { type: 'string', default: '5' },
    /** Milliseconds, on a machine that does nothing else. */
    p99: { type: 'string', default: '200' },
    /** Megabytes a minute of resident memory. */
    slope: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})

const seconds = Number(options.seconds)
const names = Array.from({ length: Number(options.streams) }, (_, i) => `stream-${i}`)
const light = Array.from({ length: Number(options.light) }, (_, i) => `light-${i}`)
const work = await mkdtemp(join(tmpdir(), 'spillway-streams-'))
let server: ServerProcess | undefined
const crowd = fork(new URL('./streams/crowd.js', import.meta.url))
try {
  process.exitCode = await main()
} finally {
  crowd.kill()
  await server?.stop()
  await rm(work, { recursive: true, force: true })
}

async function main(): Promise<number> {
  const large = join(work, 'large')
  await checkpointOfAdds(large, { files: Number(options.files), groupRows: 61_440 })
  server = await startServerProcess({
    folder: work,
    tables: [
      { name: 'large', location: large },
      { name: 'light', location: await lightTable(join(work, 'light')) },
    ],
    recipients: [...names, ...light],
    sampleMicroseconds: 2000,
  })
  const { endpoint } = server
  await ask({
    endpoint,
    token: 'light-0',
    path: `${tablePath('large')}/query`,
    body: { limitHint: 1 },
  })
  await server.state('settle')
  await server.holds()
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  const arrivalMs = Math.min(5000, (seconds * 1000) / 4)
  const path = `${tablePath('large')}/query`
  crowd.send({ endpoint, path, tokens: names, pauseMs: 500, arrivalMs } satisfies CrowdOptions)
  const waited: number[] = []
  const asking = light.map(async token => {
    const agent = keptConnections()
    const question = { endpoint, token, path: `${tablePath('light')}/query`, body: {}, agent }
    while (elapsed() < seconds) {
      const { status, ms } = await ask(question)
      if (status !== 200) throw new Error(`a light recipient was answered with ${status}`)
      if (elapsed() * 1000 > arrivalMs) waited.push(ms)
    }
    agent.destroy()
  })
  const samples: MemorySample[] = []
  let most = 0
  const watching = (async () => {
    while (elapsed() < seconds) {
      const { rss, heap } = await server!.state('sample')
      samples.push({ seconds: elapsed(), rss, heap })
      most = Math.max(most, (await crowdState(crowd, 'state')).streaming)
      await sleep(Math.min(1000, seconds * 25))
    }
  })()
  await Promise.all([...asking, watching])
  const at = await crowdState(crowd, 'leave')
  const holds = await server.holds()
  await sleep(1500)
  const after = await server.state('settle')
  const latencies = latenciesOf(waited)
  const { megabytesPerMinute, growth } = flatnessOf(samples, ({ rss }) => rss)
  console.log(
    [
      `${names.length} streams of ${options.files} files, ${most} at once, every second one slow: ${Math.round(at.bytes / 2 ** 20)} MB, ${at.ended} ended, ${at.refused} refused, ${at.broken} broken`,
      `${light.length} light recipients: ${latencies.count} queries, p50 ${latencies.p50} p99 ${latencies.p99} max ${latencies.max} ms`,
      flatnessLine('RSS', samples, ({ rss }) => rss),
      flatnessLine('heap', samples, ({ heap }) => heap),
      `left behind: ${after.sockets} sockets, heap ${Math.round(after.heap / 2 ** 20)} MB`,
      ...holdTable(holds, 50),
    ].join('\n    '),
  )
  if (options.json !== undefined) {
    await writeFile(options.json, JSON.stringify({ latencies, samples, most, at, after }, null, 1))
  }
  const problems = [
    at.bytes === 0 && `nothing was streamed within ${seconds} s: give it more`,
    latencies.p99 > Number(options.p99) && `p99 ${latencies.p99} ms`,
    // A short run has no level to be compared with.
    seconds >= 60 && megabytesPerMinute > Number(options.slope) && growth > 1.05 && 'memory grows',
    at.broken > 0 && `${at.broken} streams broke`,
    after.sockets > 0 && `${after.sockets} sockets are left`,
  ].filter(problem => problem !== false)
  if (problems.length > 0) console.log(`FAILED: ${problems.join(', ')}`)
  return problems.length === 0 ? 0 : 1
}

function crowdState(from: ChildProcess, question: 'state' | 'leave'): Promise<CrowdState> {
  return new Promise(resolve => {
    from.once('message', state => resolve(state as CrowdState))
    from.send(question)
  })
}
