import { type Question, Waits } from '@spillway/engine'

/** What `ask` gives in time; its signal ends what heeds it, and the wait for what does not. */
export async function answered<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  question: Question,
): Promise<Result> {
  const waits = new Waits(question)
  try {
    return await waits.for(ask)
  } finally {
    waits.end()
  }
}
