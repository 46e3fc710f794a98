import { expect, it } from 'vitest'
import { stopwatch, writeRecord } from '../../src/http/access-log.js'

const record = { requestId: 'r', time: 0, method: 'GET' }

it('a log that fails fails nothing else, at once or later', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  writeRecord(() => {
    throw new Error('at once')
  }, record)
  writeRecord(async () => {
    throw new Error('later')
  }, record)
  // Node says of a rejection that nobody handles it once the event loop has gone round.
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

it('tells times to a microsecond, without the noise of doubles', () => {
  const elapsedMs = stopwatch()
  for (let i = 0; i < 1000; i++) expect(String(elapsedMs())).toMatch(/^\d+(\.\d{1,3})?$/)
})
