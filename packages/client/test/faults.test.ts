import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createSharingClient,
  parseTableName,
  type SharingClient,
  type Timeouts,
} from '../src/index.js'
import { type RawServer, startRawServer } from './support/raw-server.js'

// Each of these servers would give fewer rows, more rows, or none for ever, to a client that trusts it.

let raw: RawServer
afterEach(() => raw.close())

const table = parseTableName('lake.sales.orders')
const LINES = [
  '{"protocol":{"minReaderVersion":1}}',
  '{"metaData":{"id":"m","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[]}}',
  '{"file":{"url":"https://h/a","id":"a","partitionValues":{},"size":1}}',
  '{"file":{"url":"https://h/b","id":"b","partitionValues":{},"size":1}}',
]
const BODY = `${LINES.join('\n')}\n`
const SHORT = `${LINES.slice(0, 3).join('\n')}\n`
const PROMISE = 'delta-sharing-capabilities: responseformat=parquet;includeendstreamaction=true'

/** For servers that say nothing: waiting for them is what ends. */
const hasty: Timeouts = { connectMs: 250, idleMs: 250, totalMs: 2000 }

/** For servers that say something wrong, on however slow a machine. */
const patient: Timeouts = { totalMs: 30_000 }

function clientOf(url: string, timeouts = patient): SharingClient {
  const profile = { shareCredentialsVersion: 1, endpoint: url, bearerToken: 't' } as const
  return createSharingClient(profile, { timeouts, retry: { retries: 1, baseDelayMs: 1 } })
}

async function readAll(client: SharingClient): Promise<number> {
  const answer = await client.query(table)
  let files = 0
  for await (const action of answer.actions) if ('file' in action) files++
  return files
}

async function listAll(client: SharingClient): Promise<number> {
  let shares = 0
  for await (const _ of client.shares()) shares++
  return shares
}

function head(...headers: readonly string[]): string {
  return `${['HTTP/1.1 200 OK', 'content-type: application/x-ndjson', ...headers].join('\r\n')}\r\n\r\n`
}

const chunk = (text: string | Buffer) => {
  const bytes = Buffer.from(text)
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

describe('a query ends within the time-out', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['no answer at all', () => undefined, /silent for 0.25 seconds/],
    ['a stall within the head', s => s.write('HTTP/1.1 200 OK\r\nconten'), /silent/],
    ['a stall after the head', s => s.write(head('content-length: 500')), /silent/],
    [
      'a stall between files',
      s => s.write(head(`content-length: ${BODY.length}`) + SHORT),
      /silent/,
    ],
    [
      'bytes that are not gzip',
      s => s.end(`${head('content-encoding: gzip', 'connection: close')}this is not gzip`),
      // Node 20 says nothing about it for ever.
      /no whole answer|silent/,
    ],
  ])('on %s', async (_name, answer, words) => {
    raw = await startRawServer(answer)
    const start = Date.now()
    await expect(readAll(clientOf(raw.url, hasty))).rejects.toThrow(words)
    expect(Date.now() - start).toBeLessThan(5000)
  })

  it('on empty lines that go on and on', async () => {
    raw = await startRawServer(socket => {
      socket.write(head('connection: close') + SHORT)
      const more = () => {
        if (!socket.destroyed) socket.write('\n', () => setTimeout(more, 5))
      }
      more()
    })
    await expect(readAll(clientOf(raw.url, hasty))).rejects.toThrow(/within the 2 seconds/)
  })
})

describe('a query ends in an error', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['a reset before the answer', s => s.destroy(), /no whole answer/],
    [
      'a reset within the answer',
      s => s.write(head('content-length: 500') + SHORT, () => s.destroy()),
      /no whole answer/,
    ],
    [
      'fewer bytes than were announced',
      s => s.end(head(`content-length: ${BODY.length + 1}`, 'connection: close') + BODY),
      /no whole answer/,
    ],
    [
      'more bytes than were announced, cut within a line',
      s => s.end(head(`content-length: ${BODY.length - 10}`, 'connection: close') + BODY),
      /not an action|no whole answer/,
    ],
    [
      'more bytes than were announced, cut between lines',
      s => s.end(head(`content-length: ${SHORT.length}`, 'connection: close', PROMISE) + BODY),
      /without the end that its header promises|no whole answer/,
    ],
    [
      'a body without a length that stops where its connection does',
      s => s.end(head('connection: close', PROMISE) + SHORT),
      /without the end that its header promises/,
    ],
    [
      'chunks that stop',
      s => {
        s.write(head('transfer-encoding: chunked'))
        s.write(chunk(SHORT), () => s.end())
      },
      /no whole answer/,
    ],
    [
      'a chunk that is shorter than it says',
      s => {
        s.write(head('transfer-encoding: chunked'))
        s.end(`${(SHORT.length + 9).toString(16)}\r\n${SHORT}`)
      },
      /no whole answer/,
    ],
    [
      'a chunk of nonsense length',
      s => s.end(`${head('transfer-encoding: chunked')}zz\r\n${SHORT}\r\n0\r\n\r\n`),
      /no whole answer/,
    ],
    [
      'gzip that stops half-way',
      s => {
        const zipped = gzipSync(BODY)
        s.write(head('content-encoding: gzip', `content-length: ${zipped.length >> 1}`))
        s.end(zipped.subarray(0, zipped.length >> 1))
      },
      /no whole answer|not an action|ends where/,
    ],
    [
      'gzip that is damaged',
      s => {
        const zipped = gzipSync(BODY.repeat(50))
        zipped.fill(0xff, 40, 60)
        s.write(head('content-encoding: gzip', `content-length: ${zipped.length}`))
        s.end(zipped)
      },
      /no whole answer|not an action|not UTF-8/,
    ],
    ['a page of HTML', s => s.end(`${head('connection: close')}<html>log in</html>`), /<html>log/],
    [
      'a page of HTML between files',
      s => s.end(`${head('connection: close')}${SHORT}<html>504</html>\n`),
      /<html>504/,
    ],
    [
      'a line that stops half-way',
      s => s.end(`${head('connection: close')}${SHORT}{"file":{"url":"https://h/b","id":"b"`),
      /line 4 of the answer is not an action/,
    ],
    [
      'text that is not UTF-8',
      s => {
        s.write(`${head('connection: close')}${SHORT}`)
        s.end(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0x0a]))
      },
      /not UTF-8/,
    ],
    ['nothing', s => s.end(head('content-length: 0')), /ends where a protocol line was expected/],
    ['204', s => s.end('HTTP/1.1 204 No Content\r\n\r\n'), /ends where a protocol/],
    ['a kind of line from the future', s => send(s, `${BODY}{"rows":{"n":9}}\n`), /does not know/],
    [
      'a size that is text',
      s => send(s, BODY.replace('"size":1', '"size":"big"')),
      /line 3 .*: file\.size must be an integer, found a string/,
    ],
    [
      'features that are no list',
      s =>
        send(
          s,
          BODY.replace('{"min', '{"deltaProtocol":{"readerFeatures":"a","min').replace('1}', '3}}'),
        ),
      /line 1 .*: protocol\.deltaProtocol\.readerFeatures must be an array, found a string/,
    ],
    [
      'a version with a fraction',
      s => send(s, BODY.replace('"size":1', '"size":1,"version":1.5')),
      /line 3 .*: file\.version must be an integer, found 1\.5/,
    ],
    [
      'a line after the end of the stream',
      s => send(s, `${SHORT}{"endStreamAction":{}}\n${LINES[3]}\n`),
      /follows the end of the stream/,
    ],
    [
      'a file to remove in a snapshot',
      s => send(s, BODY + LINES[3]!.replace('"file"', '"remove"')),
      /a remove line where a snapshot/,
    ],
    [
      'a line of the other format',
      s =>
        send(s, `${BODY}{"file":{"id":"d","deltaSingleAction":{"add":{"path":"https://h/d"}}}}\n`),
      /a line in delta format/,
    ],
  ])('on %s', async (_name, answer, words) => {
    raw = await startRawServer(answer)
    await expect(readAll(clientOf(raw.url))).rejects.toThrow(words)
  })

  it('on a line that goes on and on', async () => {
    raw = await startRawServer(socket => {
      socket.write(head('connection: close') + SHORT)
      const more = () => {
        if (!socket.destroyed) socket.write(Buffer.alloc(4 * 1024 * 1024, 'x'), more)
      }
      more()
    })
    await expect(readAll(clientOf(raw.url))).rejects.toThrow(/longer than/)
  })
})

function send(socket: Socket, body: string): void {
  socket.end(head(`content-length: ${Buffer.byteLength(body)}`, 'connection: close') + body)
}

describe('a list ends in an error', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['half of a document', s => send(s, '{"items":[{"name":"a"}'), /expected JSON/],
    ['a page of HTML', s => send(s, '<html>log in</html>'), /found "<html>/],
    ['an array', s => send(s, '[]'), /expected a JSON object/],
    ['an item without a name', s => send(s, '{"items":[{"id":"a"}]}'), /items\[0\]\.name must be/],
    ['items that are no list', s => send(s, '{"items":{}}'), /items must be an array/],
    [
      'a token that is no string',
      s => send(s, '{"items":[{"name":"a"}],"nextPageToken":5}'),
      /nextPageToken must be a string of at most 16384 characters, found 5/,
    ],
    ['text that is not UTF-8', s => sendBytes(s, [0x22, 0xff, 0x22]), /not UTF-8/],
  ])('on %s', async (_name, answer, words) => {
    raw = await startRawServer(answer)
    await expect(listAll(clientOf(raw.url))).rejects.toThrow(words)
  })

  it('on a document that never ends', async () => {
    raw = await startRawServer(socket => {
      socket.write(`${head('connection: close')}{"items":[{"name":"`)
      const more = () => {
        if (!socket.destroyed) socket.write(Buffer.alloc(4 * 1024 * 1024, 'x'), more)
      }
      more()
    })
    await expect(listAll(clientOf(raw.url))).rejects.toThrow(/longer than/)
  })
})

function sendBytes(socket: Socket, bytes: readonly number[]): void {
  socket.write(head(`content-length: ${bytes.length}`, 'connection: close'))
  socket.end(Buffer.from(bytes))
}
