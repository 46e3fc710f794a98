import { expect, it } from 'vitest'
import { createFairScheduler } from '../../src/limits/fair-scheduler.js'
import { gather, type NdjsonOptions, ndjsonBody } from '../../src/streaming/ndjson.js'

interface Watched {
  readonly ends: unknown[]
  readonly options: NdjsonOptions
}

function watch(endsWithAction: boolean): Watched {
  const ends: unknown[] = []
  return {
    ends,
    options: {
      endsWithAction,
      describe: () => ({ status: 503, message: 'try again' }),
      onEnd: (outcome, error) => void ends.push(error === undefined ? outcome : [outcome, error]),
      onBytes: () => undefined,
      scheduler: createFairScheduler(),
      recipient: 'acme',
    },
  }
}

/** `count` lines, then a fault where one is given. */
async function* lines(count: number, fault?: Error): AsyncGenerator<string> {
  for (let line = 0; line < count; line++) yield `{"line":${line}}\n`
  if (fault !== undefined) throw fault
}

const CUT = new Error('cut')

it('is the lines, whole and in order', async () => {
  const { ends, options } = watch(false)
  const text = await new Response(await ndjsonBody(lines(1000), options)).text()
  expect(text).toBe(Array.from({ length: 1000 }, (_, line) => `{"line":${line}}\n`).join(''))
  expect(ends).toEqual(['complete'])
})

it('fails before its first line as a promise, so that it becomes a status', async () => {
  await expect(ndjsonBody(lines(0, CUT), watch(false).options)).rejects.toBe(CUT)
})

it.each([1, 2, 3, 7])(
  'cut after %i lines, it breaks for who did not ask for an end',
  async count => {
    const { ends, options } = watch(false)
    const body = await ndjsonBody(lines(count, CUT), options)
    await expect(new Response(body).text()).rejects.toBe(CUT)
    expect(ends).toEqual([['failed', CUT]])
  },
)

it.each([1, 2, 3, 7])('cut after %i lines, it ends with the fault for who asked', async count => {
  const { ends, options } = watch(true)
  const text = await new Response(await ndjsonBody(lines(count, CUT), options)).text()
  expect(text.trimEnd().split('\n')).toHaveLength(count + 1)
  expect(JSON.parse(text.trimEnd().split('\n').at(-1)!)).toEqual({
    endStreamAction: { errorMessage: 'try again', httpStatusErrorCode: 503 },
  })
  expect(ends).toEqual([['failed', CUT]])
})

it('makes no more lines than are read, and stops making them when the reader goes', async () => {
  let made = 0
  let stopped = false
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) {
        made++
        yield 'x\n'
      }
    } finally {
      stopped = true
    }
  }
  const { ends, options } = watch(false)
  const reader = (await ndjsonBody(endless(), options)).getReader()
  await reader.read()
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(made).toBeLessThan(4)
  await reader.cancel()
  expect([stopped, ends]).toEqual([true, ['cancelled']])
})

it('hands a block over before the next one is made', async () => {
  let release: () => void = () => undefined
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  async function* slow(): AsyncGenerator<string> {
    yield 'first\n'
    await gate
    yield 'second\n'
  }
  const reader = (await ndjsonBody(slow(), watch(false).options)).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('first\n')
  release()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('second\n')
})

it('gathers lines into blocks of about 32 KiB', () => {
  const items = Array.from({ length: 1000 }, (_, i) => i)
  const blocks = [...gather(items, i => String(i).padStart(999, 'x'))]
  expect(blocks).toHaveLength(Math.ceil(1000 / 33))
  expect(blocks.join('')).toBe(items.map(i => String(i).padStart(999, 'x')).join(''))
  expect([...gather([], String)]).toEqual([])
})

it('waits among those who have sent little until it has sent much', async () => {
  const asked: boolean[] = []
  const scheduler = {
    turn: async ({ first }: { readonly first: boolean }) => void asked.push(first),
  }
  async function* blocks(): AsyncGenerator<string> {
    for (let block = 0; block < 4; block++) yield 'x'.repeat(50 * 1024)
  }
  const { options } = watch(false)
  await new Response(await ndjsonBody(blocks(), { ...options, scheduler })).text()
  expect(asked).toEqual([true, true, true, false, false])
})
