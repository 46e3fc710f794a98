import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runProgram } from '../src/program.js'
import { run } from './support/terminal.js'

const golden = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))

async function batch(lines: readonly (object | string)[]) {
  const stdin = lines
    .map(line => (typeof line === 'string' ? line : JSON.stringify(line)))
    .join('\n')
  const ran = await run(['batch'], { stdin, folder: golden })
  const answers = ran.stdout.split('\n').filter(line => line !== '')
  return { ...ran, answers: answers.map(line => JSON.parse(line) as Record<string, unknown>) }
}

describe('spillway batch', () => {
  it('answers every line in its order, failures among them, and exits 0', async () => {
    const { status, answers, stderr } = await batch([
      { id: 1, op: 'count', location: 'many-versions' },
      { id: { nested: [1, null] }, op: 'inspect', location: 'nothing-here' },
      '',
      { id: 'three', op: 'plan', location: 'plain' },
    ])
    expect(status).toBe(0)
    expect(answers.map(({ id, ok }) => [id, ok])).toEqual([
      [1, true],
      [{ nested: [1, null] }, false],
      ['three', true],
    ])
    expect(answers[1]).toMatchObject({ error: { code: 'NOT_FOUND' } })
    expect(stderr).toBe('')
  })

  it('exits 2 after answering a line that is not JSON, and goes on', async () => {
    const { status, answers } = await batch(['{"op":', { id: 2, op: 'count', location: 'plain' }])
    expect(status).toBe(2)
    expect(answers).toMatchObject([
      { id: null, ok: false, error: { code: 'INVALID_REQUEST' } },
      { id: 2, ok: true, rows: '12' },
    ])
  })

  it.each([
    ['an unknown key', { op: 'count', location: 'plain', locaton: 'x' }, /unknown key locaton/],
    ['an unknown op', { op: 'inspekt', location: 'plain' }, /op: /],
    ['no location', { op: 'count' }, /location: /],
    ['no object', '[1]', /the request/],
    [
      'columns of a count',
      { op: 'count', location: 'plain', columns: ['id'] },
      /columns belongs to rows/,
    ],
    ['a negative limit', { op: 'rows', location: 'plain', limit: -1 }, /limit must be 0 or more/],
    [
      'two versions',
      { op: 'count', location: 'plain', version: 1, ref: 'x' },
      /cannot be given together/,
    ],
    [
      'a time without a zone',
      { op: 'count', location: 'plain', timestamp: '2026-01-01T00:00:00' },
      /expected a timestamp/,
    ],
    ['an unknown column', { op: 'rows', location: 'plain', columns: ['nope'] }, /no column nope/],
  ] as const)('refuses %s', async (_, request, message) => {
    const { answers } = await batch([request])
    expect(answers[0]).toMatchObject({
      ok: false,
      error: { code: 'INVALID_REQUEST', message: expect.stringMatching(message) },
    })
  })

  it('takes 64-bit integers as numbers and as text, and echoes ids digit for digit', async () => {
    const ran = await run(['batch'], {
      stdin:
        '{"id":9007199254740993,"op":"inspect","location":"plain","version":"1"}\n{"id":2,"op":"inspect","location":"plain","version":9007199254740993}\n',
      folder: golden,
    })
    const [first, second] = ran.stdout.split('\n')
    expect(first).toContain('"id":9007199254740993,"ok":true')
    expect(first).toContain('"version":"1"')
    expect(JSON.parse(second!)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('9007199254740993') },
    })
  })

  it('inspects, plans and reads as the contract shows', async () => {
    const { answers } = await batch([
      { id: 1, op: 'inspect', location: 'dv-partitioned' },
      { id: 2, op: 'plan', location: 'partitioned-strings', where: "p = 'a b' AND f(id) = 1" },
      { id: 3, op: 'rows', location: 'plain', where: 'id >= 3', columns: ['ID'], limit: 2 },
      { id: 4, op: 'count', location: 'plain', where: 'f(id) = 1' },
      { id: 5, op: 'plan', location: 'plain', limit: 1 },
    ])
    expect(answers[0]).toMatchObject({
      format: 'delta',
      deleteFiles: expect.any(Number),
      readerFeatures: ['deletionVectors'],
    })
    expect(answers[1]).toMatchObject({
      files: [{ partitionValues: { p: 'a b' }, deletes: 0, logFiles: [] }],
      unapplied: [{ predicate: expect.stringContaining('f(id)'), reason: expect.any(String) }],
    })
    expect(answers[2]).toMatchObject({
      columns: ['id'],
      rows: [expect.any(Array), expect.any(Array)],
    })
    expect(answers[3]).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED_FEATURE' } })
    expect(answers[4]).toMatchObject({
      filesTotal: 3,
      files: [{}],
      pruned: { partition: 0, stats: 0, limit: 2 },
    })
  })

  it('survives what is hostile: a line without an end, depth, odd bytes', async () => {
    async function* input() {
      const spaces = ' '.repeat(1 << 20)
      yield '{"id":1,"op":"count",'
      for (let i = 0; i < 20; i++) yield spaces
      yield '"location":"plain"}\r\n{"id":2,"op":"count","location":"plain"}\r\n'
      yield `${JSON.stringify({ id: 3, op: 'plan', location: 'plain', where: `${'('.repeat(10_000)}id = 1${')'.repeat(10_000)}` })}\n`
      yield `${JSON.stringify({ id: 4, op: 'count', location: 'plain', where: `${'NOT '.repeat(10_000)}id = 1` })}\n`
      yield `${'['.repeat(100_000)}\n`
      yield Buffer.from([0xff, 0xfe, 0x0a])
      yield '{"id":7,"op":"count","location":"a\\u0000b"}\n'
      yield '{"id":8,"op":"count","location":"../../../etc"}\n{"id":9,"op":"count","location":"plain"}'
    }
    const stdout = new PassThrough()
    let written = ''
    stdout.on('data', chunk => {
      written += String(chunk)
    })
    const status = await runProgram(['batch'], {
      stdin: Readable.from(input()),
      stdout,
      stderr: new PassThrough(),
      folder: golden,
      environment: {},
      signal: new AbortController().signal,
    })
    await new Promise(resolve => setImmediate(resolve))
    const answers = written
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(status).toBe(2)
    expect(answers.map(({ id, ok }) => [id, ok])).toEqual([
      [null, false],
      [2, true],
      [3, expect.any(Boolean)],
      [4, expect.any(Boolean)],
      [null, false],
      [null, false],
      [7, false],
      [8, false],
      [9, true],
    ])
    expect(answers.filter(({ error }) => error?.code === 'INTERNAL')).toEqual([])
  })

  it('answers while its input stays open', async () => {
    const stdin = new PassThrough()
    const stdout = new PassThrough()
    const done = runProgram(['batch'], {
      stdin,
      stdout,
      stderr: new PassThrough(),
      folder: golden,
      environment: {},
      signal: new AbortController().signal,
    })
    for (const id of [1, 2]) {
      stdin.write(`${JSON.stringify({ id, op: 'count', location: 'plain' })}\n`)
      const [chunk] = await new Promise<[Buffer]>(resolve =>
        stdout.once('data', (...data: [Buffer]) => resolve(data)),
      )
      expect(JSON.parse(String(chunk))).toEqual({ id, ok: true, rows: '12' })
    }
    stdin.end()
    expect(await done).toBe(0)
  })

  it('reaches clouds only where it is told how', async () => {
    const { answers } = await batch([
      { op: 'inspect', location: 's3://bucket/table' },
      { op: 'inspect', location: 'gs://bucket/table' },
      { op: 'inspect', location: 'ftp://host/table' },
    ])
    expect(answers.map(({ error }) => (error as { code: string }).code)).toEqual([
      'UNSUPPORTED_FEATURE',
      'UNSUPPORTED_FEATURE',
      expect.stringMatching(/STORAGE_UNAVAILABLE|INVALID_REQUEST|UNSUPPORTED_FEATURE/),
    ])
  })
})
