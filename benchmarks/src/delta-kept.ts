import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore, spillFolder } from '@spillway/storage'
import { deltaTable } from './delta-table.js'
import { countKept, type Question, timed } from './measure.js'

const ROUNDS_OF_COLLECTION = 4
const MAX_BYTES = 8 * 2 ** 30

/**
 * What a process holds that has planned over every file of a table: heap, what lies outside of it, and what is resident, each
 * after collections. The time is that of the plan which read it all.
 */
const memory: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  await collected()
  const before = memoryUsage()
  const reader = deltaReader({
    store: localStore(),
    cache: createBatchCache({ maxBytes: MAX_BYTES }),
  })
  const snapshot = await reader.snapshot({ location: `file://${table.path}`, format: 'delta' })
  const { predicate } = parseSqlPredicate(table.selective.where)
  const { ms, facts } = await timed(() => countKept(snapshot))
  await countKept(snapshot, predicate)
  await collected()
  const warm = memoryUsage()
  // Until here: a table that nobody holds would be collected.
  await countKept(snapshot, predicate)
  const named = (at: string, usage: typeof warm) =>
    Object.fromEntries(Object.entries(usage).map(([what, mb]) => [`${what}${at}Mb`, mb]))
  return { ms, facts: { ...facts, ...named('Before', before), ...named('', warm) } }
}

function memoryUsage() {
  const { heapUsed, external, rss } = process.memoryUsage()
  const mb = (bytes: number) => Math.round(bytes / 1e6)
  return { heap: mb(heapUsed), external: mb(external), rss: mb(rss) }
}

/** Most of what is outside of the heap goes a turn after who held it. */
async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < ROUNDS_OF_COLLECTION; i++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const FILLER = fileURLToPath(new URL('./fill-spill.js', import.meta.url))

/** The first selective plan of a process, where the one before it has left what it decoded. */
const planRestart: Question = async (files, data) => {
  const table = await deltaTable(data, files)
  const folder = join(data, `spill-${files}`)
  await rm(folder, { recursive: true, force: true })
  execFileSync(process.execPath, [FILLER, data, String(files), folder])
  const { predicate } = parseSqlPredicate(table.selective.where)
  const spill = openSpill(folder)
  const measured = await timed(async () => {
    const cache = createBatchCache({ maxBytes: MAX_BYTES, spill })
    const reader = deltaReader({ store: localStore(), cache })
    const snapshot = await reader.snapshot({ location: `file://${table.path}`, format: 'delta' })
    return countKept(snapshot, predicate)
  })
  const { hits, misses } = spill.stats()
  if (misses > 0) throw new Error(`${misses} parts were not there`)
  return { ...measured, facts: { ...measured.facts, parts: hits } }
}

/** What is decoded of a generated table, beside the processes that measure. */
export function openSpill(folder: string) {
  return spillFolder({ folder, maxBytes: MAX_BYTES, maker: 'benchmarks' })
}

export const keptQuestions: Readonly<Record<string, Question>> = {
  memory,
  'plan-restart': planRestart,
}
