import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from './support/terminal.js'

const real = fileURLToPath(new URL('../../../test/fixtures/real', import.meta.url))
const golden = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('commands about one table', () => {
  it('inspect prints facts and the schema, or JSON', async () => {
    const human = await run(['inspect', 'plain'], { folder: golden })
    expect(human).toMatchObject({ status: 0, stderr: '' })
    expect(human.stdout).toMatch(/delta[\s\S]*rows +12[\s\S]*id +int/)
    const nested = await run(['inspect', 'nested'], { folder: golden })
    expect(nested.stdout).toContain('struct<x: int, y: struct<z: int, name: string>>')
    expect(nested.stdout).toContain('list<struct<k: string, v: long>>')
    const json = await run(['inspect', 'plain', '--version', '0', '--json'], { folder: golden })
    expect(JSON.parse(json.stdout)).toMatchObject({ format: 'delta', version: '0', records: '4' })
  })

  it.each([
    [['delta/dv-partitioned'], /deletes +\d+ deletion vectors?, of \d+ rows?\n/],
    [['delta/plain'], /^(?![\s\S]*deletes)/],
  ] as const)('inspect says of %s what its deletes are', async (args, expected) => {
    const { stdout } = await run(['inspect', ...args], { folder: join(golden, '..') })
    expect(stdout).toMatch(expected)
  })

  it('inspect cuts no type where nobody watches', async () => {
    const fields = Array.from({ length: 12 }, (_, i) => `column_${i}`)
    const spark = fields.map(name => ({ name, type: 'long', nullable: true, metadata: {} }))
    const struct = {
      name: 's',
      type: { type: 'struct', fields: spark },
      nullable: true,
      metadata: {},
    }
    const schemaString = JSON.stringify({ type: 'struct', fields: [struct] })
    const format = { provider: 'parquet', options: {} }
    const metaData = { id: 'wide', format, schemaString, partitionColumns: [], configuration: {} }
    const actions = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }]
    const table = join(folder, 'wide-type')
    mkdirSync(join(table, '_delta_log'), { recursive: true })
    writeFileSync(
      join(table, '_delta_log', `${'0'.repeat(20)}.json`),
      actions.map(action => `${JSON.stringify(action)}\n`).join(''),
    )
    const { stdout } = await run(['inspect', table])
    expect(stdout).toContain(`struct<${fields.map(name => `${name}: long`).join(', ')}>`)
  })

  it('plan says what was pruned, what was not used and, asked, why', async () => {
    const { stdout } = await run(
      ['plan', 'plain', '--where', 'id < 4 AND g(id) = 1', '--explain'],
      { folder: golden },
    )
    expect(stdout).toMatch(/1 of 3 files may match.*\n█+░+ {2}67 % pruned \(2 by statistics\)/)
    expect(stdout).toContain('not used: g(id) = 1')
    expect(stdout).toMatch(/pruned .*by stats[\s\S]*cannot match/)
  })

  it('query prints rows, counts and answers SQL', async () => {
    const rows = await run(['query', 'plain', '--where', 'id = 3'], { folder: golden })
    expect(rows.stdout).toMatch(/id[\s\S]*3[\s\S]*1 row\n/)
    const count = await run(['query', 'plain', '--count'], { folder: golden })
    expect(count.stdout).toBe('12\n')
    const sql = await run(['query', 'plain', '--sql', 'SELECT max(id) AS top FROM t', '--json'], {
      folder: golden,
    })
    expect(JSON.parse(sql.stdout)).toEqual({ top: 11 })
    const lines = await run(['query', 'plain', '--json', '--limit', '2'], { folder: golden })
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map(line => Object.keys(JSON.parse(line))),
    ).toEqual([expect.arrayContaining(['id']), expect.arrayContaining(['id'])])
  })

  it('query gives a program every row, and says of a drawn table that there are more', async () => {
    const lake = mkdtempSync(join(tmpdir(), 'spillway-rows-'))
    cpSync(join(golden, 'plain'), join(lake, 't'), { recursive: true })
    const query = (...args: readonly string[]) => run(['query', 't', ...args], { folder: lake })
    try {
      const lines = async (...args: readonly string[]) =>
        (await query('--json', ...args)).stdout.trim().split('\n').length
      expect(await lines()).toBe(12)
      expect(await lines('--limit', 'all')).toBe(12)
      expect(await lines('--limit', '5')).toBe(5)
      expect((await query()).stdout).toMatch(/\n12 rows\n$/)
      expect((await query('--limit', '11')).stdout).toMatch(
        /\nfirst 11 rows, there are more: --limit N, or all\n$/,
      )
      expect((await query('--limit', 'all')).stdout).toMatch(/\n12 rows\n$/)
      expect(await query('--limit', 'some')).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('expected a number of rows or all, found some'),
      })
    } finally {
      rmSync(lake, { recursive: true, force: true })
    }
  })

  it('query prints more than a screen of rows into a pipe', async () => {
    const ran = await run(['query', 'rs-types', '--json'], { folder: golden })
    const count = await run(['query', 'rs-types', '--count'], { folder: golden })
    expect(ran.stdout.trim().split('\n')).toHaveLength(Number(count.stdout))
  })

  it.each([
    ['a table that is not there', ['inspect', 'nothing'], 4, /no .* table was found/],
    ['a version that is not there', ['inspect', 'plain', '--version', '99'], 2, /99/],
    [
      'a version that is no number',
      ['inspect', 'plain', '--version', 'x'],
      2,
      /--version expects an integer/,
    ],
    ['an unknown option', ['inspect', 'plain', '--nope'], 2, /unknown option/],
    ['an unknown command', ['nope'], 2, /unknown command/],
    [
      'SQL that DuckDB refuses',
      ['query', 'plain', '--sql', 'SELECT nope FROM t'],
      2,
      /DuckDB refuses the query/,
    ],
    [
      'a format chosen for a shared table',
      ['query', 'x.share#a.b.c', '--format', 'delta'],
      2,
      /provider's to choose/,
    ],
    [
      'a file of metadata chosen for a shared table',
      ['query', 'x.share#a.b.c', '--metadata-file', 'x'],
      2,
      /--metadata-file is the provider's to choose/,
    ],
  ] as const)('%s exits with its code', async (_, args, status, message) => {
    const ran = await run(args, { folder: golden })
    expect(ran).toMatchObject({ status, stdout: '' })
    expect(ran.stderr).toMatch(message)
  })

  it('help lists every command and the exit codes', async () => {
    const { status, stdout } = await run(['--help'])
    expect(status).toBe(0)
    for (const command of [
      'batch',
      'inspect',
      'plan',
      'query',
      'ls',
      'describe',
      'export',
      'shell',
      'demo',
      'serve',
      'doctor',
      'init',
      'share',
      'recipient',
      'grant',
      'token',
      'config',
      'revoke',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    expect(stdout).toContain('Exit codes: 0 done')
  })

  it('errors are JSON too where JSON is asked for', async () => {
    const { stderr } = await run(['inspect', 'nothing', '--json'], { folder: golden })
    expect(JSON.parse(stderr)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } })
  })

  it('colours only terminals, and never lets a name take one over', async () => {
    const { stdout } = await run(['inspect', 'plain'], {
      folder: golden,
      environment: { TERM: 'xterm' },
    })
    expect(stdout).not.toContain('\u001b')
  })
})

const configText = `# kept as it is
server: { port: 0 }
staging: { location: staging }
shares:
  - name: lake # the only one
    schemas:
      - name: sales
        tables:
          - { name: plain, location: ${golden}/plain }
          - { name: deleted, location: ${golden}/dv-delete }
`

describe('commands of a provider', () => {
  it('token writes the hash into the configuration and the token into the profile alone', async () => {
    const config = join(folder, 'token.yaml')
    writeFileSync(config, configText)
    const args = [
      'token',
      'partner',
      '--config',
      config,
      '--share',
      'lake',
      '--expires',
      '30d',
      '--endpoint',
      'https://share.example/delta-sharing',
    ]
    const ran = await run(args, { folder })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    const profile = JSON.parse(readFileSync(join(folder, 'partner.share'), 'utf8'))
    expect(profile).toMatchObject({
      endpoint: 'https://share.example/delta-sharing',
      expirationTime: expect.any(String),
    })
    expect(statSync(join(folder, 'partner.share')).mode & 0o077).toBe(0)
    const changed = readFileSync(config, 'utf8')
    expect(changed).toContain('# kept as it is')
    expect(changed).toContain('lake # the only one')
    expect(changed).not.toContain(profile.bearerToken)
    expect(changed).toMatch(/name: partner\n[\s\S]*sha256: [0-9a-f]{64}/)
    const twice = await run([...args, '--out', 'partner.share'], { folder })
    expect(twice.status).toBe(2)
    expect(twice.stderr).toMatch(/partner\.share is there already.*--out/)
    expect(readFileSync(config, 'utf8')).toBe(changed)
    const again = await run([...args, '--out', 'partner-2.share'], { folder })
    expect(again.status).toBe(0)
    const both = readFileSync(config, 'utf8')
    expect(both.match(/sha256/g)).toHaveLength(2)
    // A share that they have already is not granted once more.
    expect(both.slice(both.indexOf('name: partner')).match(/lake/g)).toHaveLength(1)
  })

  it('doctor says of every table whether it can be read', async () => {
    const config = join(folder, 'doctor.yaml')
    writeFileSync(config, configText.replace('dv-delete', 'not-here'))
    const { status, stdout } = await run(['doctor', '--config', config], { folder })
    expect(status).toBe(1)
    expect(stdout).toMatch(/✓ duckdb/)
    expect(stdout).toMatch(/✓ lake\.sales\.plain {2}delta version 2, 3 files/)
    expect(stdout).toMatch(/✗ lake\.sales\.deleted {2}NOT_FOUND/)
    expect(stdout).toMatch(/✓ staging/)
  })

  it('doctor says of a partition filter that it cannot be decided, and by what', async () => {
    const config = join(folder, 'undecided.yaml')
    const location = join(golden, 'partitioned-strings')
    const tables = ['id > 3', "daay = '2026-01-01'"].map((partitions, i) => ({
      name: `t${i}`,
      location,
      partitions,
    }))
    const shares = [{ name: 'lake', schemas: [{ name: 'sales', tables }] }]
    writeFileSync(config, JSON.stringify({ shares }))
    const { status, stdout } = await run(['doctor', '--config', config], { folder })
    expect(status).toBe(1)
    expect(stdout).toMatch(/✗ lake\.sales\.t0 .*cannot be decided.*id is not a partition column/)
    expect(stdout).toMatch(/✗ lake\.sales\.t1 .*cannot be decided.*there is no column daay/)
  })

  it('doctor and serve say which names the official client cannot address', async () => {
    const config = join(folder, 'names.yaml')
    const location = join(golden, 'plain')
    const tables = ['h#x', 'q?x', 'p%41', 'p%4', 'plain'].map(name => ({ name, location }))
    const shares = [{ name: 'a.b', schemas: [{ name: 's', tables }] }]
    writeFileSync(config, JSON.stringify({ shares }))
    const doctor = await run(['doctor', '--config', config], { folder })
    expect(doctor.status).toBe(0)
    const said = [...doctor.stdout.matchAll(/! names {2}(\w+ \S+): .* name with "(.)"/g)]
    expect(said.map(([, ...found]) => found)).toEqual([
      ['share a.b', '.'],
      ['table a.b.s.h#x', '#'],
      ['table a.b.s.q?x', '?'],
      ['table a.b.s.p%41', '%'],
    ])
    const checked = await run(['serve', '--config', config, '--check'], { folder })
    expect(checked.stdout).toMatch(/note +share a\.b: .*\n.*\n.*\nnote +1 more names/)
  })

  it('doctor looks where the configuration says, whatever is in its names', async () => {
    const name = 'p%41q %20#1'
    cpSync(join(golden, 'plain'), join(folder, name), { recursive: true })
    const config = join(folder, 'percent.yaml')
    const tables = [{ name: 't', location: `./${name}` }]
    const shares = [{ name: 'lake', schemas: [{ name: 'sales', tables }] }]
    writeFileSync(config, JSON.stringify({ shares }))
    const { stdout } = await run(['doctor', '--config', config], { folder })
    expect(stdout).toMatch(/✓ lake\.sales\.t {2}delta version 2, 3 files/)
  })

  it('doctor names the file, the column and the text of a partition value that nobody reads', async () => {
    const config = join(folder, 'unreadable.yaml')
    const location = join(real, 'delta', 'part-unreadable', 'table')
    const table = { name: 'money', format: 'delta', location }
    const shares = [{ name: 'lake', schemas: [{ name: 'sales', tables: [table] }] }]
    writeFileSync(config, JSON.stringify({ shares }))
    const { status, stdout } = await run(['doctor', '--config', config], { folder })
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /✗ lake\.sales\.money {2}TABLE_CORRUPT: the partition value "0\.-1" of column money is no decimal\(5,2\): file money=0\.-1\/part/,
    )
  })

  it.each([
    ['YAML that is none', 'shares: [', /bad\.yaml:1:10: .*bracket/],
    ['an unknown key', 'sever: {}', /bad\.yaml:1:1: unknown key "sever"; did you mean "server"/],
    ['a port that is none', 'server: { port: 70000 }', /server\.port/],
    [
      'a grant of nothing',
      'recipients: [{ name: a, shares: [b] }]',
      /share "b", which is not defined/,
    ],
    ['a short secret', 'server: { secret: short }', /server\.secret/],
  ])('serve --check refuses %s and says where', async (_, text, message) => {
    const config = join(folder, 'bad.yaml')
    writeFileSync(config, text)
    const ran = await run(['serve', '--config', config, '--check'], { folder })
    expect(ran.status).toBe(2)
    expect(ran.stderr).toMatch(message)
  })

  it('serves, takes up changes without a restart, keeps the old where the new is wrong, and stops', async () => {
    const config = join(folder, 'serve.yaml')
    writeFileSync(config, configText)
    await run(
      [
        'token',
        'first',
        '--config',
        config,
        '--share',
        'lake',
        '--endpoint',
        'http://127.0.0.1:1/delta-sharing',
      ],
      { folder },
    )
    const stop = new AbortController()
    const waits: { readonly text: RegExp; readonly resolve: () => void }[] = []
    let output = ''
    const until = (text: RegExp) =>
      new Promise<void>(resolve => {
        if (text.test(output)) resolve()
        else waits.push({ text, resolve })
      })
    const serving = run(['serve', '--config', config], {
      folder,
      signal: stop.signal,
      onOutput(text) {
        output = text
        for (const wait of waits) if (wait.text.test(text)) wait.resolve()
      },
    })
    await until(/listening +(http\S+)/)
    const endpoint = /listening +(http\S+)/.exec(output)![1]!
    const profile = (name: string) => {
      const path = join(folder, `${name}.share`)
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace('http://127.0.0.1:1/delta-sharing', endpoint),
      )
      return path
    }
    const first = profile('first')
    expect((await run(['query', `${first}#lake.sales.deleted`, '--count'])).stdout).toBe(
      (await run(['query', 'dv-delete', '--count'], { folder: golden })).stdout,
    )
    await run(
      [
        'token',
        'second',
        '--config',
        config,
        '--share',
        'lake',
        '--endpoint',
        'http://127.0.0.1:1/delta-sharing',
      ],
      { folder },
    )
    await until(/reloaded +1 share, 2 tables, 2 recipients/)
    expect((await run(['query', `${profile('second')}#lake.sales.plain`, '--count'])).stdout).toBe(
      '12\n',
    )
    writeFileSync(config, 'shares: oops')
    await until(
      /kept +the old configuration: \S*serve\.yaml:1:9: shares: expected a list, found text of 4 characters/,
    )
    expect((await run(['query', `${first}#lake.sales.plain`, '--count'])).stdout).toBe('12\n')
    const unknown = await run(['query', `${first}#lake.sales.secret`, '--count'])
    expect(unknown).toMatchObject({ status: 4 })
    for (let i = 0; i < 30; i++) {
      const headers = { authorization: `Bearer not-the-token-${i}` }
      expect((await fetch(`${endpoint}/shares`, { headers })).status).toBe(401)
    }
    stop.abort()
    const { status, stderr } = await serving
    expect(status).toBe(0)
    const refusals = stderr.split('\n').filter(line => line.includes('UNAUTHENTICATED'))
    expect(refusals).toHaveLength(2)
    expect(refusals[0]).toContain('127.0.0.1')
    expect(refusals[1]).toContain('and 28 more refusals like it')
  })
})

describe('demo', () => {
  it('--once answers a real query through the share and exits 0', async () => {
    const { status, stdout } = await run(['demo', '--once'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/3 of 28 files.* were signed and sent/)
    expect(stdout).toMatch(/✓ 756 rows, deleted ones left out/)
    expect(stdout).toMatch(/city\.public\.reviews +4 +36 +✓ as at the provider/)
    expect(stdout).toMatch(/city\.public\.accounts +\d+ +6 +✓ as at the provider/)
    expect(stdout).toMatch(/city\.public\.handbook +volume +3 +\d+ +✓ verified/)
    expect(stdout).toMatch(/city\.public\.fares +model +2 +\d+ +✓ verified/)
    expect(stdout).toMatch(/city\.public\.trip-report +skill +2 +\d+ +✓ verified/)
    expect(stdout).not.toContain('✗')
  })

  it('--json says the same as data', async () => {
    const { stdout } = await run(['demo', '--once', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      filesKept: 3,
      filesTotal: 28,
      rows: '756',
      rowsAtProvider: '756',
      fetched: [
        { name: 'city.public.handbook', kind: 'volume', files: 3, isExact: true },
        { name: 'city.public.fares', kind: 'model', files: 2, isExact: true },
        { name: 'city.public.trip-report', kind: 'skill', files: 2, isExact: true },
      ],
    })
  })
})
