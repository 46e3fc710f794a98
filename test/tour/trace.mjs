#!/usr/bin/env node
// Follows what queries.mjs runs, in built code, and prints the stops. `--write` brings docs/tour.md up to date; `--check` fails where
// it says something else, or a tour is longer than it may be.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { differences, UNWRITTEN, withStops } from './document.mjs'
import { problemsOf, roomsOfChain, stopsOf } from './stops.mjs'

const DOCUMENT = fileURLToPath(new URL('../../docs/tour.md', import.meta.url))

const mode = process.argv[2] ?? '--print'
// With one thread the files that are read at the same time come in the order in which they were asked for, in every run.
const threads = { UV_THREADPOOL_SIZE: '1' }
// Nothing lies in a folder of its own that a server would sweep away beside the query.
if (process.env.UV_THREADPOOL_SIZE === threads.UV_THREADPOOL_SIZE) await trace()
else {
  const again = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const TMPDIR = mkdtempSync(join(tmpdir(), 'spillway-trace-'))
  const env = { ...process.env, ...threads, TMPDIR }
  process.exitCode = spawnSync(process.execPath, again, { stdio: 'inherit', env }).status ?? 1
  rmSync(TMPDIR, { recursive: true })
}

async function trace() {
  register('./instrument.mjs', import.meta.url)
  const { traceAll } = await import('./queries.mjs')
  const tours = {}
  for (const [name, { trace, when, ...limits }] of Object.entries(await traceAll())) {
    tours[name] = { ...stopsOf(trace), chain: { when, files: trace.chain } }
    if (mode === '--print') print(name, tours[name])
    for (const problem of problemsOf(tours[name], limits)) fail(`${name}: ${problem}`)
  }
  if (mode !== '--print') compare(tours)
}

function print(name, { stops, bottom, chain }) {
  const parts = [...stops.flatMap(stop => stop.parts), ...bottom]
  const files = new Set(parts.flatMap(part => part.files)).size
  const rooms = new Set(parts.map(({ room }) => room)).size
  console.log(`${name}: ${stops.length} stops, ${files} files of ${rooms} rooms`)
  const waiting = roomsOfChain(chain)
  console.log(
    `  when ${chain.when}, ${new Set(chain.files).size} files of ${new Set(waiting).size} rooms wait,`,
  )
  console.log(`  entered ${waiting.length} times: ${waiting.join(' ')}`)
  for (const { number, room, parts, leads } of stops) {
    const others = [...new Set(parts.map(part => part.room))].filter(other => other !== room)
    const asked = others.length === 0 ? '' : `, asks ${others.join(' ')}`
    console.log(`  ${number}. ${room}: leads to ${leads.join(' ') || 'nowhere else'}${asked}`)
  }
}

function compare(tours) {
  const before = readFileSync(DOCUMENT, 'utf8')
  const after = withStops(before, tours)
  if (mode === '--write') writeFileSync(DOCUMENT, after)
  else for (const line of differences(before, after)) fail(line)
  if (after.includes(UNWRITTEN)) fail(`docs/tour.md says of a stop: ${UNWRITTEN}`)
}

function fail(problem) {
  if (process.exitCode === undefined && mode === '--check') {
    console.error('docs/tour.md: build, then `npm run trace -- --write`')
  }
  console.error(`tour: ${problem}`)
  process.exitCode = 1
}
