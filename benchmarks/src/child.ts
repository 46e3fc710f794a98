import { peakMemory } from '@spillway/testkit/peak-memory'
import type { Measured } from './measure.js'
import { questionNamed } from './questions.js'
import { type Benchmark, benchmarks } from './registry.js'

const [name = '', data = '', endpoint = ''] = process.argv.slice(2)
const [benchmarkName, peer] = name.split('@')
const benchmark = benchmarks.find(candidate => candidate.name === benchmarkName)
if (benchmark === undefined) throw new Error(`no benchmark is named ${benchmarkName}`)
const measured = await measure(benchmark).catch((error: unknown) => {
  console.error(error)
  // What it is about comes last: reports quote the last line.
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
const peakRssMb = peakMemory() / 2 ** 20
console.log(JSON.stringify({ peakRssMb, ...measured }))
process.exit(0)

async function measure(benchmark: Benchmark): Promise<Measured> {
  // Of a workload `data` is its job.
  if (benchmark.workload !== undefined) {
    const { planStored, readJob } = await import('./plan-stored.js')
    return planStored(await readJob(data), endpoint)
  }
  const key = peer === undefined ? benchmark.question : `${benchmark.question}@${peer}`
  const question = await questionNamed(key)
  return question(benchmark.files, data)
}
