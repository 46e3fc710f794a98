import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FILE_SIZE, FIRST_COMMIT, MINUTE } from '../support/lake.js'
import {
  failure,
  type Line,
  linesOf,
  type Running,
  sha256,
  startServer,
  tablePath,
} from '../support/serve.js'
import { DAYS } from '../support/tables.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const DELTA = {
  'delta-sharing-capabilities': 'responseformat=delta;readerfeatures=deletionvectors,columnmapping',
}

async function filesOf(table: string, body: unknown = {}, headers = {}) {
  const [, , ...files] = await linesOf(await server.query(table, body, headers))
  return files.map(line => line.file as Line[string])
}

const daysOf = (files: readonly Line[string][]) =>
  files.map(file => (file.partitionValues as { day: string | null }).day).sort()

describe('31-36: the files of a table', () => {
  it('31: come after protocol and metadata, each with all that a client needs', async () => {
    const lines = await linesOf(await server.query('simple'))
    expect(lines.map(line => Object.keys(line))).toEqual([
      ['protocol'],
      ['metaData'],
      ['file'],
      ['file'],
    ])
    for (const { file } of lines.slice(2)) {
      expect(file).toEqual({
        url: expect.stringMatching(/^http/),
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        partitionValues: {},
        size: FILE_SIZE,
        stats: expect.stringMatching(/^\{"numRecords":1,/),
        expirationTimestamp: expect.any(Number),
      })
    }
  })

  it('32: their URLs give the whole file, and nothing when tampered with', async () => {
    for (const file of await filesOf('simple')) {
      const url = String(file.url)
      const whole = await fetch(url)
      expect((await whole.arrayBuffer()).byteLength).toBe(FILE_SIZE)
      expect((await fetch(url.replace('.parquet', '.parquex'))).status).toBe(403)
    }
  })

  it('104: their URLs answer ranges and HEAD', async () => {
    const [file] = await filesOf('simple')
    const range = await fetch(String(file?.url), { headers: { range: 'bytes=0-3' } })
    expect([range.status, range.headers.get('content-range'), await range.text()]).toEqual([
      206,
      `bytes 0-3/${FILE_SIZE}`,
      'PAR1',
    ])
    const head = await fetch(String(file?.url), { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(FILE_SIZE))
  })

  it('33: their URLs live for an hour', async () => {
    const [file] = await filesOf('simple')
    const left = Number(file?.expirationTimestamp) - server.time.now
    expect(left).toBeGreaterThan(3590_000)
    expect(left).toBeLessThanOrEqual(3600_000)
  })

  it('34: their ids are the same on every call and after a restart', async () => {
    const ids = async (running: Running) =>
      (await linesOf(await running.query('simple'))).slice(2).map(line => line.file?.id)
    const restarted = await startServer()
    expect(await ids(restarted)).toEqual(await ids(server))
    await restarted.close()
  })

  it.each([
    ['parquet', 'parquet', /^[0-9a-f]{32}$/],
    ['PARQUET', 'parquet', /^[0-9a-f]{32}$/],
    ['delta', 'delta', /^[0-9a-f]{64}$/],
  ])('35: fileidhash %s is echoed as %s', async (asked, echoed, pattern) => {
    const response = await server.query('simple', {}, { fileidhash: asked })
    expect(response.headers.get('fileidhash')).toBe(echoed)
    const [, , line] = await linesOf(response)
    expect(line?.file?.id).toMatch(pattern)
  })

  it('35: ids follow the format when the client does not say', async () => {
    const headers = { 'delta-sharing-capabilities': 'responseformat=delta' }
    const [file] = await filesOf('simple', {}, headers)
    expect(file?.id).toBe(sha256('a.parquet'))
  })

  it.each(['md5', 'sha256', 'none', '', ' '])('36: fileidhash %j is a 400', async hash => {
    const response = await server.query('simple', {}, { fileidhash: hash })
    expect(await failure(response)).toMatchObject({ status: 400 })
  })
})

describe('37-43: hints', () => {
  it.each([
    ['a partition', ["day = '2026-01-02'"], ['2026-01-02', null]],
    [
      'what Spark sends',
      ["(day >= CAST('2026-01-03' AS DATE))"],
      ['2026-01-03', '2026-01-04', null],
    ],
    ['two, of which one is not SQL', ["day = '2026-01-02'", 'some nonsense'], ['2026-01-02', null]],
    ['what one extension always sends', ['string'], [...DAYS, null]],
    ['a null partition', ['day IS NULL'], [null]],
    ['statistics', ['id >= 35'], ['2026-01-04', null]],
    ['nothing understood', ['f(x) = 1'], [...DAYS, null]],
    ['no hint', [], [...DAYS, null]],
  ])('37: predicateHints of %s', async (_, predicateHints, days) => {
    const expected = predicateHints.some(
      hint => hint.startsWith('day =') || hint.startsWith('(day'),
    )
      ? days.filter(day => day !== null)
      : days
    expect(daysOf(await filesOf('partitioned', { predicateHints }))).toEqual([...expected].sort())
  })

  const column = (name: string, valueType: string) => ({ op: 'column', name, valueType })
  const literal = (value: string, valueType: string) => ({ op: 'literal', value, valueType })
  const day = column('day', 'date')
  const on = (op: string, value: string) => ({ op, children: [day, literal(value, 'date')] })

  it.each([
    ['equal', on('equal', '2026-01-02'), ['2026-01-02']],
    ['greaterThan', on('greaterThan', '2026-01-02'), ['2026-01-03', '2026-01-04']],
    ['greaterThanOrEqual', on('greaterThanOrEqual', '2026-01-04'), ['2026-01-04']],
    ['lessThan', on('lessThan', '2026-01-02'), ['2026-01-01']],
    ['lessThanOrEqual', on('lessThanOrEqual', '2026-01-02'), ['2026-01-01', '2026-01-02']],
    ['not isNull', { op: 'not', children: [{ op: 'isNull', children: [day] }] }, [...DAYS]],
    ['isNull', { op: 'isNull', children: [day] }, [null]],
    [
      'or',
      { op: 'or', children: [on('equal', '2026-01-01'), on('equal', '2026-01-04')] },
      ['2026-01-01', '2026-01-04'],
    ],
  ])('38: jsonPredicateHints with %s on a partition', async (_, tree, days) => {
    const files = await filesOf('partitioned', { jsonPredicateHints: JSON.stringify(tree) })
    expect(daysOf(files)).toEqual([...days].sort())
  })

  const id = (op: string, value: string, type = 'long') => ({
    op,
    children: [column('id', type), literal(value, type)],
  })

  it('39: jsonPredicateHints prune by statistics, keeping files that have none', async () => {
    const files = await filesOf('partitioned', {
      jsonPredicateHints: JSON.stringify(id('lessThan', '10')),
    })
    expect(daysOf(files)).toEqual(['2026-01-01', null])
  })

  it('39: NOT of a range keeps what lies beside it', async () => {
    const tree = { op: 'not', children: [id('greaterThanOrEqual', '5')] }
    const files = await filesOf('partitioned', { jsonPredicateHints: JSON.stringify(tree) })
    expect(daysOf(files)).toEqual(['2026-01-01', null])
  })

  const deep = `${'{"op":"not","children":['.repeat(200)}${JSON.stringify(on('equal', '2026-01-01'))}${']}'.repeat(200)}`
  it.each([
    [
      '39: a missing column',
      JSON.stringify({ op: 'equal', children: [column('zz', 'long'), literal('1', 'long')] }),
    ],
    ['39: what is not JSON', 'not json'],
    [
      '39: more than a megabyte',
      JSON.stringify({ ...on('equal', '2026-01-01'), pad: 'x'.repeat(1024 ** 2) }),
    ],
    ['40: the empty hint', ''],
    [
      '41: a literal that is not of its type',
      JSON.stringify({ op: 'equal', children: [day, literal('soon', 'date')] }),
    ],
  ])('%s keeps every file', async (_, jsonPredicateHints) => {
    expect(await filesOf('partitioned', { jsonPredicateHints })).toHaveLength(5)
  })

  it('39: a tree deeper than 100 drops no match', async () => {
    const files = await filesOf('partitioned', { jsonPredicateHints: deep })
    expect(daysOf(files)).toContain('2026-01-01')
  })

  it.each(['float', 'double'])('42: a literal of type %s', async type => {
    const tree = { op: 'greaterThan', children: [column('id', type), literal('29.5', type)] }
    const files = await filesOf('partitioned', { jsonPredicateHints: JSON.stringify(tree) })
    expect(daysOf(files)).toContain('2026-01-04')
  })

  it('43: limitHint stops once enough rows are certain', async () => {
    expect(await filesOf('simple', { limitHint: 2 })).toHaveLength(2)
    expect(await filesOf('simple', { limitHint: 1 })).toHaveLength(1)
    expect(await filesOf('simple', { limitHint: 2 ** 31 })).toHaveLength(2)
  })

  it('43: with a predicate the limit never drops a match', async () => {
    const body = { limitHint: 1, predicateHints: ['id = 35'] }
    expect(daysOf(await filesOf('partitioned', body))).toContain('2026-01-04')
  })

  it('says which hints were of no use and why', async () => {
    const response = await server.query('partitioned', {
      predicateHints: ['day IS NOT NULL', 'f(x) = "\u00e9\n"'],
    })
    expect(response.headers.get('spillway-hints')).toBe(
      'given=2; used=1, "day IS NOT NULL"; unused=1, "f(x) = ?? ?: function f is not supported"',
    )
    const used = await server.query('partitioned', { predicateHints: ["day = '2026-01-02'"] })
    expect(used.headers.get('spillway-hints')).toBe(
      `given=1; used=1, "day = DATE '2026-01-02'"; unused=0`,
    )
    expect((await server.query('partitioned')).headers.has('spillway-hints')).toBe(false)
    await expect
      .poll(() => server.log.at(-2))
      .toMatchObject({
        hints: { given: 1, used: 1, unused: 0 },
        filesReturned: 1,
        filesTotal: 5,
      })
  })
})

describe('44-50: versions and bodies', () => {
  it('44: a version, and the time when it was current', async () => {
    const timestamp = new Date(FIRST_COMMIT + MINUTE).toISOString()
    for (const body of [{ version: 1 }, { timestamp }]) {
      const response = await server.query('simple', body)
      expect(response.headers.get('delta-table-version')).toBe('1')
      const [, , line, ...more] = await linesOf(response)
      expect(more).toEqual([])
      expect(line?.file).toMatchObject({ version: 1, timestamp: FIRST_COMMIT + MINUTE })
    }
  })

  it.each([
    { version: 1, timestamp: '2026-01-01T00:00:00Z' },
    { version: 1, startingVersion: 0 },
    { version: 1, timestamp: '2026-01-01T00:00:00Z', startingVersion: 0 },
  ])('45: %j is a 400', async body => {
    const answer = await failure(await server.query('simple', body))
    expect(answer).toMatchObject({
      status: 400,
      message: expect.stringMatching(/only provide one/),
    })
  })

  it.each([{ version: 1 }, { timestamp: '2026-01-01T00:01:00Z' }, { startingVersion: 0 }])(
    '46: without shared history %j is a 400',
    async body => {
      expect((await server.query('guarded.limited', body)).status).toBe(400)
      expect((await server.query('guarded.limited')).status).toBe(200)
    },
  )

  it.each([{ version: 1 }, { startingVersion: 1 }, { timestamp: '2026-01-01T00:01:00Z' }])(
    '47: before the shared start %j is a 400',
    async body => {
      const answer = await failure(await server.query('guarded.started', body))
      expect(answer).toMatchObject({
        status: 400,
        message: 'You can only query table data since version 2.',
      })
    },
  )

  it.each([
    '{"version":"x3"}',
    '{"predicateHints":{}}',
    '{"version":-1}',
    '[]',
    '{"a":',
    '{"endingVersion":1}',
  ])('48: the body %s is a 400', async body => {
    expect((await failure(await server.query('simple', body))).status).toBe(400)
  })

  it('48: an absent body asks for everything', async () => {
    const response = await server.ask(`${tablePath('simple')}/query`, { method: 'POST' })
    expect(await linesOf(response)).toHaveLength(4)
  })

  it('50: an empty table is two lines', async () => {
    expect(await linesOf(await server.query('empty'))).toHaveLength(2)
  })

  it('a version that is not there is a 400', async () => {
    expect((await server.query('simple', { version: 99 })).status).toBe(400)
  })
})

describe('51: the end of the stream', () => {
  it('is told to who asks, and to nobody else', async () => {
    const headers = {
      'delta-sharing-capabilities': 'responseformat=parquet;includeEndStreamAction=true',
    }
    const response = await server.query('simple', {}, headers)
    expect(response.headers.get('delta-sharing-capabilities')).toBe(
      'responseformat=parquet;includeendstreamaction=true',
    )
    const lines = await linesOf(response)
    const files = lines.slice(2, 4).map(line => Number(line.file?.expirationTimestamp))
    expect(lines.slice(4)).toEqual([
      { endStreamAction: { minUrlExpirationTimestamp: Math.min(...files) } },
    ])
    const plain = await server.query('simple')
    expect(plain.headers.get('delta-sharing-capabilities')).toBe('responseformat=parquet')
    expect(await plain.text()).not.toContain('endStreamAction')
  })

  it('is told of an empty table as well', async () => {
    const headers = { 'delta-sharing-capabilities': 'includeendstreamaction=true' }
    expect((await linesOf(await server.query('empty', {}, headers))).at(-1)).toEqual({
      endStreamAction: {},
    })
  })
})

describe('57: delta format', () => {
  it('gives complete add actions, with vectors signed beside their files', async () => {
    const files = await filesOf('vectors', {}, DELTA)
    const actions = files.map(
      file => (file.deltaSingleAction as { add: Record<string, unknown> }).add,
    )
    for (const add of actions) {
      expect(add).toMatchObject({
        size: FILE_SIZE,
        modificationTime: FIRST_COMMIT,
        dataChange: true,
        partitionValues: {},
        stats: expect.any(String),
      })
    }
    const withVector = files.find(file => file.deletionVectorFileId !== undefined)
    expect(withVector?.deletionVectorFileId).toBe(sha256('u00000000000000000000@1'))
    const { deletionVector } = actions.find(add => add.deletionVector !== undefined) as {
      readonly deletionVector: Record<string, unknown>
    }
    expect(deletionVector).toEqual({
      storageType: 'p',
      pathOrInlineDv: expect.stringMatching(/^http.*X-Amz-Signature=/),
      offset: 1,
      sizeInBytes: 36,
      cardinality: 2,
    })
    expect((await fetch(String(deletionVector.pathOrInlineDv))).status).toBe(200)
    expect(files).toHaveLength(2)
  })

  it('keeps physical names where the client maps columns', async () => {
    const files = await filesOf('mapped', { predicateHints: ["day = '2026-01-02'"] }, DELTA)
    expect(files).toHaveLength(1)
    expect(files[0]?.deltaSingleAction).toMatchObject({
      add: { partitionValues: { 'col-2': '2026-01-02' } },
    })
  })
})
