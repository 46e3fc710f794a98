import { expect, it } from 'vitest'
import { createPreparations } from '../src/preparations.js'

it('recipients take turns, however many queries one of them has submitted', async () => {
  const preparations = createPreparations(() => 0)
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
        preparations.start({ id, idempotency: undefined, recipientId, prepare })
      })
    })
  await Promise.all([...submit('a', 500), ...submit('b', 2), ...submit('c', 1)])
  const last = Math.max(...['b0', 'b1', 'c0'].map(id => order.indexOf(id)))
  expect(order).toHaveLength(503)
  expect(last).toBeLessThan(10)
})
