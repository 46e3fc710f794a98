import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  add,
  DAY,
  FILE_SIZE,
  FIRST_COMMIT,
  ID,
  MINUTE,
  metaData,
  protocol,
  remove,
} from '../support/lake.js'
import {
  failure,
  type Line,
  linesOf,
  OTHER_TOKEN,
  type Running,
  startServer,
  tablePath,
} from '../support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const VECTORS = 'responseformat=delta;readerfeatures=deletionvectors'

function changes(search: string, table = 'changing', capabilities?: string): Promise<Response> {
  const headers = capabilities ? { 'delta-sharing-capabilities': capabilities } : {}
  return server.ask(`${tablePath(table)}/changes?${search}`, { headers })
}

/** `add 1`: what a line is, and of which version. */
function summary(line: Line): string {
  const [kind] = Object.keys(line)
  const body = line[kind!]!
  const single = body.deltaSingleAction as object | undefined
  const action = single === undefined ? kind : `${kind}.${Object.keys(single)[0]}`
  return body.version === undefined ? String(action) : `${action} ${body.version}`
}

describe('64-71: the change data feed', () => {
  it('64: gives the recorded change files, else what was added and removed', async () => {
    const response = await changes('startingVersion=0&endingVersion=3')
    expect(response.headers.get('delta-table-version')).toBe('0')
    const lines = await linesOf(response)
    expect(lines.map(summary)).toEqual([
      'protocol',
      'metaData 5',
      'add 1',
      'add 1',
      'add 1',
      'cdf 2',
      'cdf 3',
    ])
    expect(lines[5]?.cdf).toEqual({
      url: expect.stringMatching(/^http.*_change_data/),
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      partitionValues: {},
      size: FILE_SIZE,
      timestamp: FIRST_COMMIT + 2 * MINUTE,
      version: 2,
      expirationTimestamp: expect.any(Number),
    })
    expect(lines[2]?.add).toHaveProperty('stats')
  })

  it.each([
    ['', /startingVersion or startingTimestamp/],
    ['startingVersion=0&startingTimestamp=2026-01-01T00:00:00Z', /only provide one/],
    ['startingVersion=0&endingVersion=1&endingTimestamp=2026-01-01T00:01:00Z', /only provide one/],
    ['startingVersion=x', /non-negative/],
    ['startingVersion=-1', /non-negative/],
    ['startingVersion=0&endingVersion=x', /non-negative/],
    ['startingVersion=3&endingVersion=2', /before its start/],
    ['startingVersion=6', /latest version/],
    ['startingVersion=0&includeHistoricalMetadata=maybe', /true or false/],
    ['startingVersion=0&maxFiles=0', /maxFiles/],
    ['startingVersion=0&pageToken=garbage', /pageToken/],
    ['startingVersion=0&endingVersion=5', /version \[?4/],
    ['startingVersion=4', /version \[?4/],
  ])('65: %s is a 400', async (search, message) => {
    const answer = await failure(await changes(search))
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(message) })
  })

  it('65: an end beyond the latest version is the latest', async () => {
    const lines = await linesOf(await changes('startingVersion=5&endingVersion=99'))
    expect(lines.map(summary)).toEqual(['protocol', 'metaData 5'])
  })

  const at = (minutes: number) => new Date(FIRST_COMMIT + minutes * MINUTE).toISOString()

  it('66: a start in time rounds forward, an end rounds back', async () => {
    const search = `startingTimestamp=${at(1.5)}&endingTimestamp=${at(3.5)}`
    const response = await changes(search)
    expect(response.headers.get('delta-table-version')).toBe('2')
    expect((await linesOf(response)).map(summary).slice(2)).toEqual(['cdf 2', 'cdf 3'])
  })

  it.each([`startingTimestamp=${at(60)}`, `startingVersion=0&endingTimestamp=${at(60)}`])(
    '66: %s, after the latest commit, is a 400',
    async search => {
      expect((await changes(search)).status).toBe(400)
    },
  )

  it.each(['true', 'True'])(
    '67: includeHistoricalMetadata=%s starts with the start’s',
    async value => {
      const search = `startingVersion=0&endingVersion=3&includeHistoricalMetadata=${value}`
      const lines = await linesOf(await changes(search))
      expect(lines.slice(0, 3).map(summary)).toEqual(['protocol', 'metaData 0', 'add 1'])
    },
  )

  it('68: is not given where history is not shared', async () => {
    expect(await failure(await changes('startingVersion=0', 'guarded.limited'))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/cdf is not enabled on table guarded.limited/),
    })
  })

  it('69: is not given before the shared start', async () => {
    expect(await failure(await changes('startingVersion=1', 'guarded.started'))).toMatchObject({
      status: 400,
      message: 'You can only query table changes since version 2.',
    })
    expect((await changes('startingVersion=2&endingVersion=3', 'guarded.started')).status).toBe(200)
  })

  it('68: is not given of a table that records none', async () => {
    expect((await failure(await changes('startingVersion=1', 'simple'))).status).toBe(400)
  })

  it('70: in delta format, every line is a file action with its version and time', async () => {
    const lines = await linesOf(
      await changes('startingVersion=0&endingVersion=3', 'changing', 'responseformat=delta'),
    )
    expect(lines.map(summary)).toEqual([
      'protocol',
      'metaData 5',
      'file.add 1',
      'file.add 1',
      'file.add 1',
      'file.cdc 2',
      'file.cdc 3',
    ])
    expect(lines[2]?.file).toMatchObject({ timestamp: FIRST_COMMIT + MINUTE })
  })

  it('70: a vector update is the removed and the added state of one file, under one URL and id', async () => {
    const lines = await linesOf(await changes('startingVersion=2', 'vectors', VECTORS))
    const files = lines.slice(2).map(line => line.file!)
    const actions = files.map(file => Object.entries(file.deltaSingleAction as object)[0]!)
    expect(actions.map(([kind]) => kind).sort()).toEqual(['add', 'remove'])
    expect(new Set(actions.map(([, body]) => body.path)).size).toBe(1)
    expect(new Set(files.map(file => file.id)).size).toBe(1)
  })

  it('29: vectors in the range are refused to a client that does not apply them', async () => {
    const answer = await failure(await changes('startingVersion=0', 'vectors'))
    expect(answer).toMatchObject({ status: 400, errorCode: 'UNSUPPORTED_FEATURE' })
  })

  it('71: pages together are the whole', async () => {
    for (const search of ['', '&includeHistoricalMetadata=true']) {
      const range = `startingVersion=0&endingVersion=3${search}`
      const whole = (await linesOf(await changes(range))).map(summary).slice(2)
      for (const maxFiles of [1, 2, 3, 4, 5, 9]) {
        const paged: string[] = []
        const heads = new Set<string>()
        let token: string | undefined
        do {
          const page = `${range}&maxFiles=${maxFiles}${token ? `&pageToken=${token}` : ''}`
          const response = await changes(page)
          expect(response.headers.get('delta-table-version')).toBe('0')
          const text = await response.text()
          heads.add(text.split('\n').slice(0, 2).join('\n'))
          const lines: Line[] = text
            .trimEnd()
            .split('\n')
            .map(line => JSON.parse(line))
          const end = lines.at(-1)?.endStreamAction
          paged.push(...lines.slice(2, -1).map(summary))
          token = end?.nextPageToken as string | undefined
        } while (token !== undefined)
        expect(paged).toEqual(whole)
        expect(heads.size).toBe(1)
      }
    }
  })

  it('71: a page token opens for its own question only', async () => {
    const range = 'startingVersion=0&endingVersion=3&maxFiles=1'
    const lines = await linesOf(await changes(range))
    const token = lines.at(-1)?.endStreamAction?.nextPageToken
    expect((await changes(`${range}&pageToken=${token}`)).status).toBe(200)
    expect(
      (await changes(`startingVersion=1&endingVersion=3&maxFiles=1&pageToken=${token}`)).status,
    ).toBe(400)
    const headers = { authorization: `Bearer ${OTHER_TOKEN}` }
    const path = `${tablePath('changing')}/changes?${range}&pageToken=${token}`
    expect((await server.ask(path, { headers })).status).toBe(400)
  })
})

describe('59-63: streaming reads', () => {
  const since = (body: object, table = 'optimized', capabilities?: string) =>
    server.query(table, body, capabilities ? { 'delta-sharing-capabilities': capabilities } : {})

  it('59: give what commits added and removed, in order, without what only rearranged', async () => {
    const response = await since({ startingVersion: 0, endingVersion: 4 })
    expect(response.headers.get('delta-table-version')).toBe('0')
    const lines = await linesOf(response)
    expect(lines.slice(0, 6).map(summary)).toEqual([
      'protocol',
      'metaData 0',
      'add 1',
      'add 1',
      'add 2',
      'add 2',
    ])
    expect(lines).toHaveLength(8)
    expect([lines[6], lines[7]].map(line => summary(line!)).sort()).toEqual(['add 3', 'remove 3'])
    expect(lines[2]?.add).toMatchObject({ version: 1, timestamp: FIRST_COMMIT + MINUTE })
  })

  it('60: a metadata change inside the range is told where it happened', async () => {
    const lines = await linesOf(await since({ startingVersion: 3 }))
    expect(
      lines.map(summary).filter(text => text.startsWith('metaData') || text.startsWith('add 6')),
    ).toEqual(['metaData 3', 'metaData 5', 'add 6'])
    const head = await linesOf(await since({ startingVersion: 5 }))
    expect(head.map(summary)).toEqual(['protocol', 'metaData 5', 'add 6'])
  })

  it.each([
    [{ startingVersion: 7 }, /start version.*latest version/],
    [{ startingVersion: 0, endingVersion: 7 }, /end version.*latest version/],
    [{ startingVersion: 3, endingVersion: 2 }, /before its start/],
    [{ startingVersion: -1 }, /non-negative/],
  ])('61: %j is a 400', async (body, message) => {
    const answer = await failure(await since(body))
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(message) })
  })

  it('62: historical protocols are told to who asks, in delta format', async () => {
    const asked = { startingVersion: 0, includeHistoricalProtocol: true }
    const told = await linesOf(await since(asked, 'optimized', 'responseformat=delta'))
    expect(told[0]?.protocol).toMatchObject({ version: 0 })
    const parquet = await linesOf(await since(asked))
    expect(parquet[0]).toEqual({ protocol: { minReaderVersion: 1 } })
    const silent = await linesOf(
      await since({ startingVersion: 0 }, 'optimized', 'responseformat=delta'),
    )
    expect(silent[0]?.protocol).not.toHaveProperty('version')
  })

  it('63: pages together are the whole', async () => {
    const whole = (await linesOf(await since({ startingVersion: 0 }))).map(summary).slice(2)
    for (const maxFiles of [1, 2, 3, 100]) {
      const paged: string[] = []
      let pageToken: string | undefined
      do {
        const body = { startingVersion: 0, maxFiles, ...(pageToken && { pageToken }) }
        const lines = await linesOf(await since(body))
        paged.push(...lines.slice(2, -1).map(summary))
        pageToken = lines.at(-1)?.endStreamAction?.nextPageToken as string | undefined
      } while (pageToken !== undefined)
      expect(paged).toEqual(whole)
    }
  })
})

it.each([
  ['changes', (own: Running) => own.ask(`${tablePath('changing')}/changes?${RANGE}`), changesAfter],
  [
    'commits',
    (own: Running) => own.query('changing', { startingVersion: 0, maxFiles: 1 }),
    commitsAfter,
  ],
])(
  'a page of %s of a table that was recreated in its place continues no other',
  async (_, first, after) => {
    const own = await startServer()
    try {
      const token = (await linesOf(await first(own))).at(-1)?.endStreamAction?.nextPageToken
      expect((await after(own, String(token))).status).toBe(200)
      rmSync(join(own.lake.root, 'changing'), { recursive: true })
      const table = own.lake.table('changing')
      const configuration = { 'delta.enableChangeDataFeed': 'true' }
      table.commit(
        protocol,
        metaData([ID, DAY], { configuration, id: 'c0ffee00-0000-4000-8000-0000000000fe' }),
      )
      for (const version of [1, 2, 3, 4, 5]) table.commit(add(`other-${version}`))
      // Snapshots of a version are kept for a minute.
      own.time.now += 120_000
      await expect
        .poll(async () => failure(await after(own, String(token))), { timeout: 20_000 })
        .toMatchObject({ status: 400, message: expect.stringMatching(/was recreated/) })
    } finally {
      await own.close()
    }
  },
)

it('pages go on in a table that has another id and other partitions since the end of their range', async () => {
  const own = await startServer()
  try {
    const table = own.lake.table('changing')
    const configuration = { 'delta.enableChangeDataFeed': 'true' }
    table.commit(protocol, metaData([ID, DAY], { configuration, partitionColumns: ['day'] }))
    const partitionValues = { day: '2026-01-01' }
    table.commit(add('a', { partitionValues }), add('b', { partitionValues }))
    const id = 'c0ffee00-0000-4000-8000-0000000000fe'
    table.commit(metaData([ID, DAY], { configuration, id }))
    // Whoever is not known to read every day rightly has footers looked at, and these files have none.
    const headers = { 'user-agent': 'Delta-Sharing-Spark/1.2' }
    const range = 'startingVersion=0&endingVersion=1&maxFiles=1'
    const told: unknown[] = []
    let token: unknown
    do {
      const page = `${range}${token === undefined ? '' : `&pageToken=${token}`}`
      const answer = await own.ask(`${tablePath('changing')}/changes?${page}`, { headers })
      expect(answer.status).toBe(200)
      const lines = await linesOf(answer)
      told.push(...lines.slice(2, -1).map(summary))
      token = lines.at(-1)?.endStreamAction?.nextPageToken
    } while (token !== undefined)
    expect(told).toEqual(['add 1', 'add 1'])
  } finally {
    await own.close()
  }
})

const RANGE = 'startingVersion=0&endingVersion=3&maxFiles=1'

function changesAfter(own: Running, token: string): Promise<Response> {
  return own.ask(`${tablePath('changing')}/changes?${RANGE}&pageToken=${token}`)
}

function commitsAfter(own: Running, pageToken: string): Promise<Response> {
  return own.query('changing', { startingVersion: 0, maxFiles: 1, pageToken })
}

it('tells a table that is partitioned otherwise by now as it was at the end of the range', async () => {
  const own = await startServer()
  try {
    const table = own.lake.table('changing')
    const configuration = { 'delta.enableChangeDataFeed': 'true' }
    table.commit(protocol, metaData([ID, DAY], { configuration, partitionColumns: ['day'] }))
    table.commit(add('a', { partitionValues: { day: '2026-01-01' } }))
    table.commit(
      metaData([ID, DAY], { configuration }),
      remove('a', { partitionValues: { day: '2026-01-01' } }),
      add('b'),
    )
    for (const version of [3, 4, 5]) table.commit(add(`later-${version}`))
    // Whoever is not known to read every day rightly has footers looked at, and these files have none.
    const headers = { 'user-agent': 'Delta-Sharing-Spark/1.2' }
    const asked = (search: string) =>
      own.ask(`${tablePath('changing')}/changes?${search}`, { headers })
    const [, before, line] = await linesOf(await asked('startingVersion=0&endingVersion=1'))
    const [, after] = await linesOf(await asked('startingVersion=3&endingVersion=4'))
    expect([before?.metaData, line?.add, after?.metaData]).toMatchObject([
      { version: 1, partitionColumns: ['day'] },
      { partitionValues: { day: '2026-01-01' } },
      { version: 5, partitionColumns: [] },
    ])
    expect(await failure(await asked('startingVersion=0'))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/version 2 changed what the table is partitioned by/),
    })
  } finally {
    await own.close()
  }
})
