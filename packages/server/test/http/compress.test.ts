import * as zlib from 'node:zlib'
import { expect, it } from 'vitest'
import { chooseEncoding } from '../../src/http/accept-encoding.js'
import { compressed } from '../../src/http/compress.js'

const LINES = { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } }

function asked(encoding?: string): Request {
  return new Request(
    'http://localhost',
    encoding ? { headers: { 'accept-encoding': encoding } } : {},
  )
}

function stream(blocks: readonly (string | Error)[], onCancel: () => void = () => undefined) {
  const rest = [...blocks]
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = rest.shift()
        if (next === undefined) controller.close()
        else if (next instanceof Error) controller.error(next)
        else controller.enqueue(new TextEncoder().encode(next))
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  )
}

it('compresses lines for a client that asks', async () => {
  const response = compressed(asked('deflate, gzip'), new Response(stream(['a\n', 'b\n']), LINES))
  expect(response.headers.get('content-encoding')).toBe('gzip')
  expect(zlib.gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe('a\nb\n')
})

it.each([undefined, 'br', 'gzip;q=0', 'identity'])(
  'does not for one that asks for %s',
  async encoding => {
    const response = compressed(asked(encoding), new Response(stream(['a\n']), LINES))
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(await response.text()).toBe('a\n')
  },
)

it('leaves lists and errors as they are', async () => {
  const init = { headers: { 'content-type': 'application/json; charset=utf-8' } }
  const response = compressed(asked('gzip'), new Response('{}', init))
  expect([response.headers.has('content-encoding'), await response.text()]).toEqual([false, '{}'])
})

it('hands every block on before the next is made', async () => {
  let made = 0
  async function* blocks() {
    for (;;) {
      made++
      yield new TextEncoder().encode('x'.repeat(100))
      await new Promise(resolve => setTimeout(resolve, 30))
    }
  }
  const source = ReadableStream.from(blocks()) as ReadableStream<Uint8Array>
  const reader = compressed(asked('gzip'), new Response(source, LINES)).body!.getReader()
  await reader.read()
  expect(made).toBeLessThan(4)
  await reader.cancel()
})

it('breaks where its source breaks', async () => {
  const source = stream(['a\n', new Error('cut')])
  const response = compressed(asked('gzip'), new Response(source, LINES))
  await expect(response.arrayBuffer()).rejects.toThrow()
})

it('tells its source that the reader has gone', async () => {
  let cancelled = false
  const endless = Array.from({ length: 10_000 }, () => 'x'.repeat(65_536))
  const source = stream(endless, () => {
    cancelled = true
  })
  const reader = compressed(asked('gzip'), new Response(source, LINES)).body!.getReader()
  await reader.read()
  await reader.cancel()
  await expect.poll(() => cancelled, { timeout: 10_000 }).toBe(true)
})

it.each([
  [null, undefined],
  ['', undefined],
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip, zstd', 'zstd'],
  ['zstd;q=0.5, gzip;q=0.8', 'gzip'],
  ['zstd;q=0.5, gzip;q=0.5', 'zstd'],
  ['zstd;q=0, gzip', 'gzip'],
  ['gzip;q=0', undefined],
  ['gzip; q=0.000, zstd; q=0', undefined],
  ['*', 'zstd'],
  ['*;q=0.1, gzip;q=0.2', 'gzip'],
  ['*, zstd;q=0', 'gzip'],
  ['*;q=0', undefined],
  ['identity;q=0, *', 'zstd'],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['identity;q=0.3, gzip;q=0.5', 'gzip'],
  ['br, deflate', undefined],
  ['gzip;q=rubbish', 'gzip'],
  [',,;;, gzip', 'gzip'],
])('Accept-Encoding: %s means %s', (header, expected) => {
  expect(chooseEncoding(header, ['zstd', 'gzip'])).toBe(expected)
})

const codings = 'createZstdCompress' in zlib ? ['gzip', 'zstd'] : ['gzip']

it.each(codings)('in %s the first block can be read before the next is made', async name => {
  const never = new ReadableStream<Uint8Array>({
    start: controller => controller.enqueue(new TextEncoder().encode('{"protocol":{}}\n')),
  })
  const response = compressed(asked(name), new Response(never, LINES))
  expect(response.headers.get('content-encoding')).toBe(name)
  const reader = response.body!.getReader()
  const { createZstdDecompress } = zlib as unknown as { createZstdDecompress: () => zlib.Gunzip }
  const decoder = name === 'gzip' ? zlib.createGunzip() : createZstdDecompress()
  const decoded = new Promise(resolve => decoder.on('data', bytes => resolve(String(bytes))))
  void (async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      decoder.write(read.value)
    }
  })()
  expect(await decoded).toBe('{"protocol":{}}\n')
  await reader.cancel()
})
