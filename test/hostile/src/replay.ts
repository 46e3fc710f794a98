import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { makeMutant } from './mutant.js'
import { benchTables } from './tables.js'
import { cleanAnswer, tryMutant } from './trial.js'
import { changedPlaces } from './verdict.js'

/** One mutant again, alone: what it is, what came of it, what it cost. With `into`, its files are written there. */
export async function replay(
  seed: number,
  { into, rows }: { readonly into: string | undefined; readonly rows: boolean },
): Promise<void> {
  const mutant = makeMutant(benchTables(), seed, { rows })
  if (mutant === undefined) return console.log('that seed makes no mutant')
  const { table, kind, path, layer, mutator, where, changed } = mutant
  console.log(`${table.format} ${table.name}: ${kind} ${path}\n${layer}: ${mutator} in ${where}`)
  console.log(`places: ${changedPlaces(mutant)?.join(', ') ?? 'the file is not whole'}`)
  if (into !== undefined) {
    for (const [name, bytes] of table.objects()) {
      const whole = changed.has(name) ? changed.get(name) : bytes
      if (whole === undefined) continue
      const to = join(into, name.replace(/^s3:\/\/bench\//, ''))
      mkdirSync(dirname(to), { recursive: true })
      writeFileSync(to, whole)
    }
  }
  await cleanAnswer(table, { rows })
  const memory = peakMemory()
  const started = performance.now()
  const outcome = await tryMutant(mutant, { rows })
  const millis = Math.round(performance.now() - started)
  const megabytes = Math.round((peakMemory() - memory) / 2 ** 20)
  console.log(`${outcome.kind}: ${outcome.detail}\n${millis} ms, ${megabytes} MB more at the peak`)
}
