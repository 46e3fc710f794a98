import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Peer } from './registry.js'
import type { Sample } from './report/report.js'
import type { StartedStore } from './store/start-store.js'

export interface Outcome {
  readonly sample?: Sample
  readonly error?: string
}

/** What contenders are asked about. */
export interface Place {
  readonly data: string
  /** The interpreter that has the peers; absent: where setup.sh puts them. */
  readonly python: string | undefined
  /** Of questions through the simulated store: it, and the job's file. */
  readonly stored?: { readonly store: StartedStore; readonly job: string }
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const child = join(root, 'dist', 'child.js')
/** Where setup.sh puts the peers. */
export const peersPython = join(root, '..', '.venv', 'peers', 'bin', 'python')
/** A contender that takes longer has no numbers, and says so: nobody waits for an hour for one line. */
const MOST_MINUTES = 15

export function runSelf(benchmark: Benchmark, place: Place): Promise<Outcome> {
  const command = [process.execPath, '--expose-gc', '--max-old-space-size=8192', child]
  return withStore([...command, benchmark.name], place)
}

/** Peers are Python programs; without an interpreter that has them, their column says so and nothing else changes. */
export function runPeer(peer: Peer, benchmark: Benchmark, place: Place): Promise<Outcome> {
  if (peer.kind === 'node') {
    const name = `${benchmark.name}@${peer.name}`
    return run([process.execPath, '--expose-gc', child, name, place.data])
  }
  const interpreter = place.python ?? peersPython
  if (!existsSync(interpreter)) {
    return Promise.resolve({
      error: 'not installed: run benchmarks/peers/setup.sh, or pass --python',
    })
  }
  const program = [interpreter, join(root, 'peers', peer.script)]
  if (place.stored !== undefined) return withStore(program, place)
  return run([...program, benchmark.question, String(benchmark.files), place.data])
}

/** Behind what the simulated store was asked, where there is one. */
async function withStore(command: readonly string[], place: Place): Promise<Outcome> {
  if (place.stored === undefined) return run([...command, place.data])
  const { store, job } = place.stored
  // Nobody finds what another asked.
  await store.take()
  const { sample, ...outcome } = await run([...command, job, store.endpoint])
  const use = await store.take()
  return sample === undefined ? outcome : { sample: { ...sample, store: use } }
}

function run([command = '', ...args]: readonly string[]): Promise<Outcome> {
  return new Promise(resolve => {
    const started = spawn(command, args, {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: MOST_MINUTES * 60_000 },
    })
    let output = ''
    let errors = ''
    started.stdout.on('data', chunk => {
      output += chunk
    })
    started.stderr.on('data', chunk => {
      errors += chunk
    })
    started.on('error', error => resolve({ error: error.message }))
    started.on('close', (code, signal) => {
      const line = output.trim().split('\n').at(-1) ?? ''
      if (code === 0 && line.startsWith('{')) resolve({ sample: JSON.parse(line) as Sample })
      else if (signal === 'SIGTERM') resolve({ error: `no answer within ${MOST_MINUTES} minutes` })
      else resolve({ error: errors.trim().split('\n').slice(-6).join('\n') || `exit code ${code}` })
    })
  })
}
