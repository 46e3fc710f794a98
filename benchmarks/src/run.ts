import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark, Peer } from './registry.js'
import type { Sample } from './report/report.js'

export interface Outcome {
  readonly sample?: Sample
  readonly error?: string
}

export function runSelf(child: string, benchmark: Benchmark, data: string): Promise<Outcome> {
  return run(process.execPath, [
    '--expose-gc',
    '--max-old-space-size=8192',
    child,
    benchmark.name,
    data,
  ])
}

/** Peers are Python programs; without an interpreter that has them, their column says so and nothing else changes. */
export function runPeer(
  root: string,
  peer: Peer,
  benchmark: Benchmark,
  data: string,
  python: string | undefined,
): Promise<Outcome> {
  if (peer.kind === 'node') {
    const child = join(root, 'dist', 'child.js')
    return run(process.execPath, ['--expose-gc', child, `${benchmark.name}@${peer.name}`, data])
  }
  const interpreter = python ?? join(root, '..', '.venv', 'peers', 'bin', 'python')
  if (!existsSync(interpreter)) {
    return Promise.resolve({
      error: `not installed: run benchmarks/peers/setup.sh, or pass --python`,
    })
  }
  return run(interpreter, [
    join(root, 'peers', peer.script),
    benchmark.question,
    String(benchmark.files),
    data,
  ])
}

function run(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      errors += chunk
    })
    child.on('error', error => resolve({ error: error.message }))
    child.on('close', code => {
      const line = output.trim().split('\n').at(-1) ?? ''
      if (code === 0 && line.startsWith('{')) resolve({ sample: JSON.parse(line) as Sample })
      else resolve({ error: errors.trim().split('\n').slice(-6).join('\n') || `exit code ${code}` })
    })
  })
}
