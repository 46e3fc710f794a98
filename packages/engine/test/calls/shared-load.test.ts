import { expect, it } from 'vitest'
import { SingleFlight } from '../../src/calls/shared-load.js'

function deferred() {
  let finish: (value: string) => void = () => undefined
  const promise = new Promise<string>(resolve => {
    finish = resolve
  })
  return { promise, finish }
}

it('loads once for callers that come at the same time', async () => {
  const flights = new SingleFlight<string>()
  const { promise, finish } = deferred()
  let loads = 0
  const load = () => {
    loads++
    return promise
  }
  const answers = [flights.run('a', load), flights.run('a', load), flights.run('b', load)]
  finish('done')
  expect(await Promise.all(answers)).toEqual(['done', 'done', 'done'])
  expect(loads).toBe(2)
})

it('goes on when its first waiter has gone, and stops when its last has', async () => {
  const flights = new SingleFlight<string>()
  const first = new AbortController()
  const second = new AbortController()
  let cancelled = false
  const load = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener('abort', () => {
        cancelled = true
        reject(new Error('stopped'))
      })
    })
  const one = flights.run('a', load, first.signal)
  const two = flights.run('a', load, second.signal)
  first.abort()
  await expect(one).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(cancelled).toBe(false)
  second.abort()
  await expect(two).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(cancelled).toBe(true)
})

it('does not make a caller wait for a load that was cancelled', async () => {
  const flights = new SingleFlight<string>()
  const gone = new AbortController()
  const abandoned = flights.run('a', () => new Promise<string>(() => undefined), gone.signal)
  gone.abort()
  await expect(abandoned).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await flights.run('a', async () => 'anew')).toBe('anew')
})

it('tries again after a failure', async () => {
  const flights = new SingleFlight<string>()
  await expect(flights.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await flights.run('a', async () => 'yes')).toBe('yes')
})

it('refuses a caller that had gone before it came', async () => {
  const flights = new SingleFlight<string>()
  const signal = AbortSignal.abort()
  await expect(flights.run('a', async () => 'x', signal)).rejects.toMatchObject({
    code: 'CANCELLED',
  })
})
