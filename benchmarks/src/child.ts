import { peakMemory } from '@spillway/testkit/peak-memory'
import { commandQuestions } from './command-start.js'
import { deltaQuestions } from './delta.js'
import { footerQuestions } from './footers.js'
import { hudiQuestions } from './hudi.js'
import { icebergQuestions } from './iceberg.js'
import type { Question } from './measure.js'
import { benchmarks } from './registry.js'
import { signOurs, signWithSdk } from './sign.js'

const questions: Readonly<Record<string, Question>> = {
  ...deltaQuestions,
  ...icebergQuestions,
  ...hudiQuestions,
  ...footerQuestions,
  ...commandQuestions,
  sign: signOurs,
  'sign@aws-sdk': signWithSdk,
}

const [name = '', data = ''] = process.argv.slice(2)
const [benchmarkName, peer] = name.split('@')
const benchmark = benchmarks.find(candidate => candidate.name === benchmarkName)
if (benchmark === undefined) throw new Error(`no benchmark is named ${benchmarkName}`)
const key = peer === undefined ? benchmark.question : `${benchmark.question}@${peer}`
const question = questions[key]
if (question === undefined) throw new Error(`nothing answers ${key}`)
const measured = await question(benchmark.files, data)
const peakRssMb = peakMemory() / 2 ** 20
console.log(JSON.stringify({ ...measured, peakRssMb }))
process.exit(0)
