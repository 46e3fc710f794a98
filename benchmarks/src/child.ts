import { peakMemory } from '@spillway/testkit/peak-memory'
import { commandQuestions } from './command-start.js'
import { deltaQuestions } from './delta.js'
import { footerQuestions } from './footers.js'
import { guardQuestions } from './guards.js'
import { hudiQuestions } from './hudi.js'
import { icebergQuestions } from './iceberg.js'
import type { Measured, Question } from './measure.js'
import { planStored } from './plan-stored.js'
import { queryHttpQuestions } from './query-http.js'
import { type Benchmark, benchmarks } from './registry.js'
import { signOurs, signWithSdk } from './sign.js'
import { readJob } from './workloads/workload.js'

const questions: Readonly<Record<string, Question>> = {
  ...deltaQuestions,
  ...icebergQuestions,
  ...hudiQuestions,
  ...footerQuestions,
  ...commandQuestions,
  ...queryHttpQuestions,
  ...guardQuestions,
  sign: signOurs,
  'sign@aws-sdk': signWithSdk,
}

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
  if (benchmark.workload !== undefined) return planStored(await readJob(data), endpoint)
  const key = peer === undefined ? benchmark.question : `${benchmark.question}@${peer}`
  const question = questions[key]
  if (question === undefined) throw new Error(`nothing answers ${key}`)
  return question(benchmark.files, data)
}
