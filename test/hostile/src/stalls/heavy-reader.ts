// A process of its own, so that reading a long answer does not hold up who measures: asks once, reads to the end.
import { ask, type Question } from '../load/ask.js'

process.once('message', async (question: Question) => {
  const { body: _, ...asked } = await ask(question)
  process.send!(asked, () => process.exit(0))
})
