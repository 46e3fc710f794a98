import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duckDb } from '@spillway/rows'
import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  built,
  golden,
  main,
  runBuilt,
  type SampleShare,
  serveSampleTables,
} from './support/sample-share.js'
import { run } from './support/terminal.js'

const { tableFromIPC } = createRequire(new URL('../../duckdb/package.json', import.meta.url))(
  'apache-arrow',
) as typeof import('../../duckdb/node_modules/apache-arrow/Arrow.node.js')

describe.skipIf(!built)('SQL over a server in another process', () => {
  let share: SampleShare
  const duckdb = duckDb()
  beforeAll(async () => {
    share = await serveSampleTables({ share: ['city', 'my-types'] })
  })
  afterAll(async () => {
    await duckdb.close()
    await share.close()
  })

  const JOIN = `SELECT s.covered, count(*) AS trips, sum(t.fare) AS fares
    FROM city.public.trips t JOIN city.public.stations s USING (station)
    WHERE t.day = DATE '2026-03-07' GROUP BY ALL ORDER BY covered`

  it('query joins two tables of two formats and prints CSV where nobody watches', async () => {
    const ran = await runBuilt(['query', share.profile, JOIN])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^covered,trips,fares\nfalse,\d+,\d+\.\d\d\ntrue,\d+,\d+\.\d\d\n$/)
    const rows = ran.stdout
      .split('\n')
      .slice(1, 3)
      .map(line => Number(line.split(',')[1]))
    expect(rows[0]! + rows[1]!).toBe(2980)
  })

  it('query prints a table with its count, or JSON lines', async () => {
    const table = await run(['query', share.profile, JOIN, '--mode', 'table'])
    expect(table.stdout).toMatch(
      /^covered {2}trips +fares\n─+ {2}─+ {2}─+\nfalse +\d+ +[\d.]+\ntrue +\d+ +[\d.]+\n2 rows\n$/,
    )
    const json = await run(['query', share.profile, JOIN, '--json'])
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([
      { covered: false, trips: expect.stringMatching(/^\d+$/) },
      { covered: true, fares: expect.stringMatching(/^\d+\.\d\d$/) },
    ])
  })

  // What the provider's own reader says of the same files, value for value.
  it.each(['all-types', 'nested', 'rs-types', 'dv-delete', 'empty'])(
    'query gives of %s what the table has, each value of each type',
    async name => {
      const sql = `FROM "my-types".golden."${name}"`
      const shared = await run(['query', share.profile, sql, '--mode', 'json'])
      const direct = await run(['query', name, '--json', '--limit', '1000000'], { folder: golden })
      expect(shared).toMatchObject({ status: 0, stderr: '' })
      expect(shared.stdout.split('\n').sort()).toEqual(direct.stdout.split('\n').sort())
    },
  )

  const EXACT = `SELECT 9223372036854775807 AS big, -170141183460469231731687303715884105727::HUGEINT AS huge,
    12345678901234567890.123456789::DECIMAL(38,9) AS exact, TIMESTAMPTZ '2026-03-01 10:00:00.000001+00' AS at,
    NULL::VARCHAR AS nothing, '' AS empty, [1, NULL] AS list, {'a': 'x"y'} AS struct, INTERVAL '1 day' AS span`

  it('every digit comes out of each text', async () => {
    const csv = await run(['query', share.profile, EXACT])
    expect(csv.stdout).toBe(
      'big,huge,exact,at,nothing,empty,list,struct,span\n' +
        '9223372036854775807,-170141183460469231731687303715884105727,12345678901234567890.123456789,2026-03-01T10:00:00.000001Z,,"","[1,null]","{""a"":""x\\""y""}",1 day\n',
    )
    const json = await run(['query', share.profile, EXACT, '--json'])
    expect(JSON.parse(json.stdout)).toEqual({
      big: '9223372036854775807',
      huge: '-170141183460469231731687303715884105727',
      exact: '12345678901234567890.123456789',
      at: '2026-03-01T10:00:00.000001Z',
      nothing: null,
      empty: '',
      list: [1, null],
      struct: { a: 'x"y' },
      span: '1 day',
    })
  })

  it('query streams Arrow into a pipe', async () => {
    const { bytes, status } = await runBuilt([
      'query',
      share.profile,
      'FROM city.public.stations ORDER BY docks',
      '--mode',
      'arrow',
    ])
    expect(status).toBe(0)
    const read = tableFromIPC(bytes)
    expect([read.numRows, read.schema.names]).toEqual([6, ['station', 'docks', 'covered']])
    expect(read.getChild('docks')?.toArray()[5]).toBe(72)
    const none = await runBuilt([
      'query',
      share.profile,
      'FROM city.public.stations WHERE docks < 0',
      '--mode',
      'arrow',
    ])
    expect(tableFromIPC(none.bytes).schema.names).toEqual(['station', 'docks', 'covered'])
  })

  it('query takes parameters and SQL from standard input', async () => {
    const counted = (where: string) => `SELECT count(*) AS n FROM city.public.trips WHERE ${where}`
    const given = await run([
      ...['query', share.profile, counted('day = $day::DATE AND trip_id < $most')],
      ...['--param', 'day=2026-03-01', '--param', 'most=100'],
    ])
    expect(given.stdout).toBe('n\n100\n')
    const piped = await run(['query', share.profile, '-'], {
      stdin: `-- a file\n${counted('true')};\n`,
    })
    expect(piped.stdout).toBe('n\n41980\n')
  })

  it('a limit of a table says that there is more, in the order that was asked for', async () => {
    const sql = 'SELECT trip_id FROM city.public.trips ORDER BY trip_id DESC'
    const ran = await run(['query', share.profile, sql, '--mode', 'table', '--limit', '2'])
    expect(ran.stdout).toBe(
      'trip_id\n───────\n  41999\n  41998\nfirst 2 rows, there are more: --limit all\n',
    )
    const all = await run([
      'query',
      share.profile,
      'FROM city.public.stations',
      '--mode',
      'table',
      '--limit',
      'all',
    ])
    expect(all.stdout).toMatch(/\n6 rows\n$/)
  })

  it('--explain says and draws what is sent and kept, and fetches nothing', async () => {
    const sql =
      "SELECT fare FROM city.public.trips WHERE day = DATE '2026-03-07' AND distance_km > 20 AND station LIKE '%o%'"
    const ran = await run(['query', share.profile, sql, '--explain'])
    expect(ran.stdout).toMatch(/^city\.public\.trips {2}version 0\n/)
    expect(ran.stdout).toMatch(/\nhints sent +.*day = DATE '2026-03-07'/)
    expect(ran.stdout).toMatch(/\nfiles +█+░+ {2}2 of 28 \(7 %\)\n/)
    expect(ran.stdout).not.toContain('fetched')
    const json = await run(['query', share.profile, sql, '--explain', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      tables: [{ table: 'city.public.trips', files: { kept: 2, total: 28 }, fetchedBytes: 0 }],
    })
  })

  it.each(spreadOf(['parquet', 'csv', 'json', 'arrow'], 2))(
    'export writes %s whole and once',
    async format => {
      const file = join(share.folder, `trips.${format}`)
      const args = ['export', share.profile, 'city.public.trips', '--to', file]
      const first = await run(args)
      expect(first).toMatchObject({ status: 0, stderr: '' })
      expect(first.stdout).toMatch(/41,980 rows, \d+ KB|41,980 rows, [\d.]+ MB/)
      const before = readFileSync(file)
      const again = await run(args)
      expect(again.status).toBe(1)
      expect(again.stderr).toMatch(/exists already; --force replaces it/)
      expect(readFileSync(file).equals(before)).toBe(true)
      const forced = await run([
        'export',
        share.profile,
        'SELECT 1 AS one WHERE false',
        '--to',
        file,
        '--force',
        '--json',
      ])
      expect(JSON.parse(forced.stdout)).toMatchObject({ rows: '0' })
      expect(readdirSync(share.folder).filter(name => name.includes('unfinished'))).toEqual([])
    },
  )

  it('Parquet and Arrow files hold the values of the table', async () => {
    const sql = 'FROM "my-types".golden."rs-types"'
    for (const format of ['parquet', 'arrow']) {
      const file = join(share.folder, `types.${format}`)
      expect(await run(['export', share.profile, sql, '--to', file])).toMatchObject({ status: 0 })
    }
    const connection = await duckdb.connect()
    const [row] = await connection.all(
      `SELECT count(*), count(DISTINCT price) FROM '${join(share.folder, 'types.parquet')}'`,
    )
    connection.close()
    const arrow = tableFromIPC(readFileSync(join(share.folder, 'types.arrow')))
    expect(arrow.numRows).toBe(Number(row![0]))
    expect(arrow.schema.names).toContain('price')
  })

  it('Parquet keeps what DuckDB would round', async () => {
    const file = join(share.folder, 'wide.parquet')
    const sql = `SELECT sum(n) AS h, [sum(n)] AS l, INTERVAL '1.000001 seconds' AS i, TIMETZ '10:00:00+02' AS t
      FROM (VALUES (9223372036854775807), (9223372036854775806)) v(n)`
    expect(await run(['export', share.profile, sql, '--to', file])).toMatchObject({ status: 0 })
    const connection = await duckdb.connect()
    const rows = await connection.all(`SELECT h::VARCHAR, l::VARCHAR, i, t FROM '${file}'`)
    connection.close()
    expect(rows).toEqual([
      ['18446744073709551613', '[18446744073709551613]', '00:00:01.000001', '10:00:00+02'],
    ])
    const most = 'SELECT 170141183460469231731687303715884105727::HUGEINT AS h'
    const ran = await run(['export', share.profile, most, '--to', file, '--force'])
    expect(ran).toMatchObject({ status: 2, stdout: '' })
    expect(ran.stderr).toMatch(/Conversion Error/)
  })

  it.each([
    [
      'an unknown table',
      ['query', 'SELECT * FROM city.public.trps'],
      4,
      /there is no table .*did you mean city\.public\.trips\?/,
    ],
    [
      'an unknown share',
      ['query', 'SELECT * FROM cty.public.trips'],
      4,
      /no share is attached as cty; attached are city, my-types; did you mean city\?/,
    ],
    [
      'a share whose name is no bare word',
      ['query', 'SELECT * FROM my-types.golden.empty'],
      2,
      /Parser Error.*the share my-types has a name that SQL reads otherwise: write it in quotes, "my-types"\./,
    ],
    ['an unknown column', ['query', 'SELECT fre FROM city.public.trips'], 2, /fre/],
    ['SQL that is none', ['query', 'SELEKT 1'], 2, /syntax error/i],
    ['two statements', ['query', 'SELECT 1; SELECT 2'], 2, /expected one statement, found 2/],
    ['no SQL', ['query'], 2, /expected SQL behind/],
    [
      'a table option over a share',
      ['query', 'SELECT 1', '--where', 'a = 1'],
      2,
      /--where cannot be given here/,
    ],
    ['a limit that is none', ['query', 'SELECT 1', '--limit', 'x'], 2, /a number of rows or all/],
    ['a file of no format', ['export', 'SELECT 1', '--to', 'x.xlsx'], 2, /ends in \.parquet/],
    [
      'a file in no folder',
      ['export', 'SELECT 1', '--to', '/nowhere/x.csv'],
      2,
      /its folder does not exist/,
    ],
    [
      'neither SQL nor a table',
      ['export', '--to', 'x.csv'],
      2,
      /expected PROFILE and SQL or a table/,
    ],
  ] as const)(
    '%s is refused with words that help',
    async (_, [command, ...args], status, message) => {
      const ran = await run([command, share.profile, ...args], { folder: share.folder })
      expect(ran).toMatchObject({ status, stdout: '' })
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr).not.toMatch(/^ +at /m)
      expect(ran.stderr).not.toContain(share.token)
    },
  )

  it('one table keeps its own form, with SQL over t behind it', async () => {
    const table = `${share.profile}#city.public.stations`
    const rows = await run(['query', table, '--where', 'docks > 60', '--json'])
    expect(JSON.parse(rows.stdout)).toMatchObject({ docks: 72 })
    const sql = await run(['query', table, 'SELECT max(docks) AS most FROM t', '--json'])
    expect(JSON.parse(sql.stdout)).toEqual({ most: 72 })
    const output = await run(['query', table, '--output', 'x.csv'])
    expect(output).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--output cannot be given here: .*--mode/),
    })
  })

  it('one table has every mode that SQL over a share has, with the same texts', async () => {
    const name = 'my-types.golden.all-types'
    const one = `${share.profile}#${name}`
    const sql = 'FROM "my-types".golden."all-types"'
    for (const mode of ['csv', 'json']) {
      const rows = await run(['query', one, '--mode', mode])
      const answer = await run(['query', share.profile, sql, '--mode', mode])
      expect(rows.status).toBe(0)
      expect(rows.stdout.split('\n').sort()).toEqual(answer.stdout.split('\n').sort())
    }
    const { bytes, status } = await runBuilt(['query', one, '--mode', 'arrow', '--limit', '2'])
    expect([status, tableFromIPC(bytes).numRows]).toEqual([0, 2])
    const counted = await run(['query', one, '--count', '--mode', 'csv'])
    expect(counted.stdout).toMatch(/^rows\n\d+\n$/)
    const summed = await run([
      'query',
      one,
      "SELECT 'a,b' AS x, NULL AS y FROM t LIMIT 1",
      '--mode',
      'csv',
    ])
    expect(summed.stdout).toBe('x,y\n"a,b",\n')
    const refused = await run(['query', one, '--count', '--mode', 'arrow'])
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(refused.stderr).toMatch(/--mode of a number of rows is table, json or csv, not arrow/)
  })

  it('shell runs a script: statements over lines, settings, and commands', async () => {
    const script = `.mode csv
SELECT station,
  docks -- ;
FROM city.public.stations
WHERE station = 'Zoo';
.mode json
SELECT 1 AS a; SELECT 2 AS a;
.tables sta
.mode table
.timer off
.limit 1
FROM city.public.stations ORDER BY docks;
.explain on
SELECT count(*) AS n FROM city.public.trips WHERE day = DATE '2026-03-07'`
    const ran = await run(['shell', share.profile], { stdin: script })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /^station,docks\nZoo,72\n\{"a":1\}\n\{"a":2\}\ncity\.public\.stations\nstation +docks +covered\n/,
    )
    expect(ran.stdout).toMatch(/first 1 row, there are more: \.limit all\n/)
    expect(ran.stdout).toMatch(/2980\n1 row\n\ncity\.public\.trips[\s\S]*2 of 28 \(7 %\)/)
  })

  it('shell draws the last answer, describes tables and lists its commands', async () => {
    const script = `.mode table
SELECT station, count(*) AS trips FROM city.public.trips GROUP BY ALL ORDER BY station LIMIT 2;
.chart
.describe stations
.help
.quit
SELECT 'not reached';`
    const { stdout, status } = await run(['shell', share.profile], { stdin: script })
    expect(status).toBe(0)
    expect(stdout).toMatch(/trips by station\nHarbour +█+.? +\d+\nMuseum +█+.? +\d+\n/)
    expect(stdout).toMatch(/city\.public\.stations\n\nversion +0/)
    expect(stdout).toMatch(/\.chart +the last answer as bars/)
    expect(stdout).not.toContain('not reached')
  })

  it('a script stops at its first error, with its status', async () => {
    const ran = await runBuilt(['shell', share.profile], {
      stdin: 'SELECT 1 AS a;\nSELECT * FROM city.public.trps;\nSELECT 2 AS a;\n',
    })
    expect(ran).toMatchObject({ status: 4, stdout: 'a\n1\n' })
    expect(ran.stderr).toMatch(/did you mean city\.public\.trips\?/)
    const unknown = await run(['shell', share.profile], { stdin: '.tabels\n' })
    expect(unknown).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/did you mean \.tables/),
    })
  })

  it('a reader that has seen enough is no failure, and nothing stays in the temporary folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-pipe-'))
    const sql = 'SELECT a.* FROM city.public.trips a, range(10)'
    const child = spawn(process.execPath, [main, 'query', share.profile, sql], {
      stdio: 'pipe',
      env: { ...process.env, TMPDIR: folder },
    })
    let stderr = ''
    child.stderr.on('data', chunk => {
      stderr += String(chunk)
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const status = await new Promise(resolve => child.on('close', resolve))
    expect([status, stderr]).toEqual([0, ''])
    expect(readdirSync(folder).filter(name => name !== 'spillway-duckdb')).toEqual([])
    rmSync(folder, { recursive: true, force: true })
  })

  it('a query that is interrupted ends with 130 and leaves no file', async () => {
    const stop = new AbortController()
    const file = join(share.folder, 'stopped.csv')
    const sql =
      'SELECT a.trip_id FROM city.public.trips a, city.public.trips b, city.public.trips c ORDER BY hash(a.trip_id + b.trip_id + c.trip_id)'
    const begun = () => readdirSync(share.folder).some(name => name.includes('stopped'))
    const running = run(['export', share.profile, sql, '--to', file], { signal: stop.signal })
    await vi.waitUntil(begun, { timeout: 20_000, interval: 20 })
    stop.abort(new Error('SIGINT'))
    const ran = await running
    expect(ran.status).toBe(130)
    expect(readdirSync(share.folder).filter(name => name.includes('stopped'))).toEqual([])
  })

  it('a server that is gone is said by its address, with no token', async () => {
    const path = join(share.folder, 'gone.share')
    writeFileSync(
      path,
      readFileSync(share.profile, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'),
    )
    const ran = await run(['query', path, 'SELECT 1'])
    expect(ran.status).toBe(1)
    expect(ran.stderr).toMatch(/127\.0\.0\.1:1/)
    expect(ran.stderr).not.toContain(share.token)
  })
})
