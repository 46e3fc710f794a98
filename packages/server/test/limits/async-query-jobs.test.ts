import { expect, it } from 'vitest'
import { createAsyncQueryJobs } from '../../src/limits/async-query-jobs.js'

it('recipients take turns, however many queries one of them has submitted', async () => {
  const jobs = createAsyncQueryJobs(() => 0)
  const order: string[] = []
  const submit = (recipientId: string, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const id = `${recipientId}${index}`
      return new Promise<void>(resolve => {
        const prepare = async () => {
          await new Promise(done => setImmediate(done))
          order.push(id)
          resolve()
        }
        jobs.start({ id, idempotency: undefined, recipientId, prepare })
      })
    })
  await Promise.all([...submit('a', 500), ...submit('b', 2), ...submit('c', 1)])
  const last = Math.max(...['b0', 'b1', 'c0'].map(id => order.indexOf(id)))
  expect(order).toHaveLength(503)
  expect(last).toBeLessThan(10)
})

it('a recipient with very many queries has others forget none of theirs', async () => {
  const jobs = createAsyncQueryJobs(() => 0)
  const idempotency = { key: 'light', digest: 'd' }
  const prepare = async () => {}
  jobs.start({ id: 'light', idempotency, recipientId: 'light', prepare })
  for (let i = 0; i < 12_000; i++) {
    jobs.start({
      id: `flood${i}`,
      idempotency: { key: `flood${i}`, digest: 'd' },
      recipientId: 'flood',
      prepare,
    })
    await new Promise(done => queueMicrotask(() => done(undefined)))
    await Promise.resolve()
  }
  expect(jobs.known(idempotency)).toBe('light')
  expect(jobs.known({ key: 'flood0', digest: 'd' })).toBeUndefined()
  expect(jobs.known({ key: 'flood11999', digest: 'd' })).toBe('flood11999')
})

it('a recipient that does not wait is told to', () => {
  const jobs = createAsyncQueryJobs(() => 0)
  const submit = (i: number) =>
    jobs.start({
      id: `a${i}`,
      idempotency: undefined,
      recipientId: 'a',
      prepare: () => new Promise(() => {}),
    })
  for (let i = 0; i < 502; i++) submit(i)
  expect(() => submit(502)).toThrow(/500 asynchronous queries of this recipient/)
})

it('what never comes to an end gives its place up, and has failed', async () => {
  const jobs = createAsyncQueryJobs(() => 0, 0.05)
  const heard: AbortSignal[] = []
  const submit = (id: string, prepare: (signal: AbortSignal) => Promise<void>) =>
    jobs.start({ id, idempotency: undefined, recipientId: 'a', prepare })
  for (const id of ['first', 'second']) {
    submit(id, signal => {
      heard.push(signal)
      return new Promise(() => {})
    })
  }
  submit('third', async () => {})
  await expect.poll(() => jobs.state('third'), { timeout: 30_000 }).toBe('ready')
  expect(jobs.state('first')).toMatchObject({ failed: { code: 'STORAGE_UNAVAILABLE' } })
  expect(heard[0]!.aborted).toBe(true)
})
