import type { Question } from './measure.js'

type Questions = Readonly<Record<string, Question>>

/** By how their names begin, the first that fits. */
const ROOMS: readonly (readonly [string, () => Promise<Questions>])[] = [
  ['iceberg-', async () => (await import('./iceberg.js')).icebergQuestions],
  ['hudi-', async () => (await import('./hudi.js')).hudiQuestions],
  ['imported-', async () => (await import('./footers.js')).footerQuestions],
  ['native-', async () => (await import('./footers.js')).footerQuestions],
  ['start-', async () => (await import('./command-start.js')).commandQuestions],
  ['query-http-', async () => (await import('./query-http.js')).queryHttpQuestions],
  ['guard-', async () => (await import('./guards.js')).guardQuestions],
  ['sign', async () => (await import('./sign.js')).signQuestions],
  ['stream', async () => (await import('./delta-streams.js')).streamQuestions],
  ['memory', async () => (await import('./delta-kept.js')).keptQuestions],
  ['plan-restart', async () => (await import('./delta-kept.js')).keptQuestions],
  ['', async () => (await import('./delta.js')).deltaQuestions],
]

/** The question of that name, loaded with what it needs alone: what the others load would count as its memory. */
export async function questionNamed(name: string): Promise<Question> {
  const [, load] = ROOMS.find(([start]) => name.startsWith(start))!
  const question = (await load())[name]
  if (question === undefined) throw new Error(`nothing answers ${name}`)
  return question
}
