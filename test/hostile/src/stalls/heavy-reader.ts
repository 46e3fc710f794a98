// A process of its own, so that reading a long answer does not hold up who measures: asks once, reads to the end.
import { ask, type Question } from '../load/ask.js'

process.once('message', async (question: Question) => {
  const { status, firstMs, ms, bytes, text } = await ask(question)
  const refusal = status === 200 ? '' : text
  process.send!({ status, firstMs, ms, bytes, text: refusal }, () => process.exit(0))
})
