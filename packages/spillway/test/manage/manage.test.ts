import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/configuration/config.js'
import { newToken, withProfile, writeProfile } from '../../src/manage/new-profile.js'
import { run } from '../support/terminal.js'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-manage-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const spillway = (...args: readonly string[]) => run(args, { folder })
const json = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await spillway(...args, '--json')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}
const text = () => readFileSync(join(folder, 'spillway.yaml'), 'utf8')
const config = () => loadConfig(join(folder, 'spillway.yaml'))
const write = (yaml: string) => writeFileSync(join(folder, 'spillway.yaml'), yaml)

const BASE = `# kept
server: { publicUrl: 'https://share.example' }
shares:
  - name: lake   # the lake
  - name: sea
recipients:
  - name: Partner   # who pays
    shares: [lake]
`

describe('spillway init', () => {
  it('is checked with the number of all that it shares, assets too', async () => {
    mkdirSync(join(folder, 'docs'))
    writeFileSync(
      join(folder, 'spillway.yaml'),
      'shares: [{ name: lake, schemas: [{ name: kb, volumes: [{ name: docs, location: docs }] }] }]\n',
    )
    const { stdout } = await spillway('config', 'check')
    expect(stdout).toMatch(/ is valid: 1 share, 0 tables, 1 volume, 0 recipients\n$/)
    expect(await json('config', 'check')).toMatchObject({ tables: 0, volumes: 1, models: 0 })
  })

  it('writes a configuration that is valid, and all that it shows behind comments is too', async () => {
    expect(await json('init')).toMatchObject({ changed: true })
    expect(await json('config', 'check')).toMatchObject({ ok: true, shares: 0, problems: [] })
    expect(text()).toMatch(/^# yaml-language-server: \$schema=\.\/spillway\.schema\.json\n/)
    expect(statSync(join(folder, 'spillway.secret')).mode & 0o077).toBe(0)
    expect((await config()).secrets[0]!.length).toBeGreaterThan(40)
    // Keys that are shown without their mark of a comment; prose is left alone.
    const shown = text().replace(
      /^( *)# (?=( *)(publicUrl|urlExpires|admin|storage|s3|buckets|staging:|location: staging|keepDays|- \{ bucket))/gm,
      '$1',
    )
    write(shown)
    expect(await json('config', 'check')).toMatchObject({ ok: true })
    const read = await config()
    expect(read.server.admin).toEqual({ host: '127.0.0.1', port: 9420 })
    expect(read.storage.buckets).toHaveLength(1)
    expect(read.staging).toMatchObject({ keepDays: 8 })
  })

  it('leaves what is there, and renews the schema', async () => {
    await spillway('init')
    write(`${text()}# mine\n`)
    const secret = readFileSync(join(folder, 'spillway.secret'), 'utf8')
    writeFileSync(join(folder, 'spillway.schema.json'), '{}')
    expect(await json('init')).toMatchObject({ changed: false })
    expect(text()).toMatch(/# mine\n$/)
    expect(readFileSync(join(folder, 'spillway.secret'), 'utf8')).toBe(secret)
    expect(readFileSync(join(folder, 'spillway.schema.json'), 'utf8')).toContain('"location"')
    write('sever: {}')
    expect(await spillway('init')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/did you mean "server"/),
    })
  })

  it('goes where --config says, in a folder that is made', async () => {
    await spillway('init', '--config', 'etc/lake.yml')
    expect(readdirSync(join(folder, 'etc')).sort()).toEqual([
      'lake.schema.json',
      'lake.secret',
      'lake.yml',
    ])
    expect(await json('config', 'check', '--config', 'etc/lake.yml')).toMatchObject({ ok: true })
  })
})

describe('spillway token', () => {
  const tokens = async (...args: readonly string[]) => (await json('token', 'list', ...args)).tokens
  const profile = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))

  it('adds a token with a label and its dates, lists it, and never shows it again', async () => {
    write(BASE)
    const made = await json('token', 'add', 'partner', '--label', 'laptop', '--expires', '90d')
    expect(made).toMatchObject({
      changed: true,
      recipient: 'partner',
      profile: join(folder, 'partner.share'),
    })
    const { bearerToken, endpoint } = profile('partner.share')
    expect(endpoint).toBe('https://share.example/delta-sharing')
    expect(statSync(join(folder, 'partner.share')).mode & 0o077).toBe(0)
    const hash = createHash('sha256').update(bearerToken).digest('hex')
    const listed = await spillway('token', 'list')
    expect(listed.stdout).toMatch(new RegExp(`Partner +${hash.slice(0, 8)} +laptop +20\\d\\d-`))
    expect(listed.stdout + text() + JSON.stringify(made)).not.toContain(bearerToken)
    expect(listed.stdout).not.toContain(hash)
    const [token] = await tokens('PARTNER')
    expect(token).toMatchObject({
      recipient: 'Partner',
      token: hash.slice(0, 8),
      label: 'laptop',
      expired: false,
    })
    expect(Date.parse(token.expires) - Date.parse(token.created)).toBe(90 * 86_400_000)
    expect(text()).toMatch(
      /^# kept\n[\s\S]*name: lake {3}# the lake[\s\S]*name: Partner {3}# who pays/,
    )
  })

  it('makes one token of a label, and another profile where there is one', async () => {
    write(BASE)
    await json('token', 'add', 'partner', '--label', 'ci')
    const before = text()
    expect(await json('token', 'add', '--label', 'ci', 'partner')).toMatchObject({
      changed: false,
      profile: null,
    })
    expect(text()).toBe(before)
    const second = await json('token', 'add', 'partner')
    expect(second.profile).toBe(join(folder, `partner-${second.token}.share`))
    expect(await tokens()).toHaveLength(2)
    expect(await json('token', 'add', 'partner', '--label', 'ci', '--share', 'sea')).toMatchObject({
      changed: true,
      granted: ['sea'],
      profile: null,
    })
  })

  it('takes the old spelling, and options before, between and behind names', async () => {
    write(BASE)
    for (const args of [
      ['token', 'a', '--config', 'spillway.yaml', '--share', 'lake'],
      ['token', '--config', 'spillway.yaml', 'a'],
      ['token', 'add', '--share', 'lake', 'a', '--json', '--config', 'spillway.yaml'],
      [
        'token',
        '--json',
        '--config',
        'spillway.yaml',
        'add',
        '--share',
        'lake',
        '--share',
        'sea',
        'a',
      ],
    ]) {
      expect(await spillway(...args)).toMatchObject({ status: 0, stderr: '' })
    }
    expect(await tokens('a')).toHaveLength(4)
    expect((await config()).shares.recipients!.at(-1)).toMatchObject({ shares: ['lake', 'sea'] })
  })

  it('rotates: the new token is good as long as the old was, which ends after its grace', async () => {
    write(BASE)
    const old = await json('token', 'add', 'partner', '--label', 'ci', '--expires', '30d')
    const now = Date.now()
    const made = await json('token', 'rotate', 'partner', '--grace', '2d', '--out', 'new.share')
    expect(made).toMatchObject({
      label: 'ci',
      profile: join(folder, 'new.share'),
      replaced: [{ token: old.token }],
    })
    const [first, second] = await tokens('partner')
    expect(Math.abs(Date.parse(first.expires) - now - 2 * 86_400_000)).toBeLessThan(60_000)
    expect(Math.abs(Date.parse(second.expires) - now - 30 * 86_400_000)).toBeLessThan(60_000)
    expect(profile('new.share').expirationTime).toBe(second.expires)
    // Grace only shortens.
    await json('token', 'rotate', 'partner', old.token, '--grace', '9d')
    expect((await tokens('partner'))[0].expires).toBe(first.expires)
    // At once.
    await json('token', 'rotate', 'partner', '--grace', '0')
    expect(
      (await tokens('partner')).filter((each: { expired: boolean }) => !each.expired),
    ).toHaveLength(1)
  })

  it('never outlives by silence a token that was to end', async () => {
    const sha256 = 'a'.repeat(64)
    write(
      `server: { port: 1 }\nrecipients: [{ name: a, tokens: [{ sha256: ${sha256}, expiresAt: 2099-01-01T00:00:00Z }] }]`,
    )
    expect(await spillway('token', 'rotate', 'a')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--expires/),
    })
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
    expect(await json('token', 'rotate', 'a', '--expires', 'never')).toMatchObject({
      expiresAt: null,
    })
  })

  it('revokes by label, by hash, all of them or those that ended, and twice is once', async () => {
    write(BASE)
    for (const label of ['one', 'two', 'three'])
      await json('token', 'add', 'partner', '--label', label)
    const [one, two] = await tokens('partner')
    expect(await json('token', 'revoke', 'partner', 'two')).toEqual(
      expect.objectContaining({ changed: true, revoked: [two.token] }),
    )
    const again = await spillway('token', 'revoke', 'partner', 'tow')
    expect(again).toMatchObject({ status: 0, stderr: expect.stringMatching(/has no token tow/) })
    expect(await json('token', 'revoke', 'partner', '--expired')).toMatchObject({ changed: false })
    expect(await json('token', 'revoke', 'partner', one.token)).toMatchObject({ changed: true })
    expect(await json('token', 'remove', 'partner', '--all')).toMatchObject({ changed: true })
    expect(await tokens('partner')).toEqual([])
    expect((await config()).shares.recipients).toHaveLength(1)
    for (const args of [[], ['--all', 'x'], ['--all', '--expired']]) {
      expect(await spillway('token', 'revoke', 'partner', ...args)).toMatchObject({ status: 2 })
    }
  })

  it('does not guess between two hashes that begin alike', async () => {
    const hashes = ['b', 'c'].map(end => `${'abcd'.repeat(15)}aaa${end}`)
    write(
      `recipients: [{ name: a, tokens: [${hashes.map(sha256 => `{ sha256: ${sha256} }`).join(', ')}] }]`,
    )
    const { status, stderr } = await spillway('token', 'revoke', 'a', 'abcd')
    expect(status).toBe(2)
    expect(stderr).toMatch(/2 tokens begin with abcd/)
    expect(await tokens()).toHaveLength(2)
  })

  it.each([
    [['token', 'list', 'partnr'], 4, /no recipient partnr; did you mean Partner\?/],
    [['token', 'rotate', 'nobody'], 4, /no recipient nobody/],
    [['token', 'rotate', 'partner'], 4, /no token that is still good/],
    [['token', 'add', 'a', '--expires', 'yesterday'], 2, /--expires expects/],
    [['token', 'add', 'a', '--expires', '2001-01-01T00:00:00Z'], 2, /--expires expects/],
    [['token', 'add', 'a', '--expires', '99999d'], 2, /--expires expects/],
    [
      ['token', 'add', 'a', '--share', 'lak'],
      2,
      /share "lak", which is not defined; did you mean "lake"/,
    ],
    [['token', 'add', 'a', '--endpoint', 'share.example'], 2, /--endpoint expects a URL/],
    [['token', 'add', 'a', '--out', 'no/such/folder/a.share'], 2, /cannot be written/],
    [['token', 'add', 'a', '--config', 'none.yaml'], 2, /no configuration file.*spillway init/],
    [['token'], 2, /missing required argument[\s\S]*--help/],
  ] as const)(
    'refuses %j with its code, and leaves everything as it was',
    async (args, status, reason) => {
      write(BASE)
      expect(await spillway(...args)).toMatchObject({
        status,
        stdout: '',
        stderr: expect.stringMatching(reason),
      })
      expect(text()).toBe(BASE)
      expect(readdirSync(folder)).toEqual(['spillway.yaml'])
    },
  )

  it('leaves no profile where its token came to nothing', async () => {
    const out = join(folder, 'a.share')
    const failing = withProfile(async undo => {
      const options = {
        recipient: 'a',
        out,
        endpoint: 'https://share.example',
        expiresAt: undefined,
      }
      undo.profile = await writeProfile(newToken(), options, { folder })
      expect(existsSync(out)).toBe(true)
      throw new Error('the configuration cannot be replaced')
    })
    await expect(failing).rejects.toThrow(/cannot be replaced/)
    expect(existsSync(out)).toBe(false)
  })

  it('gives a name of its own to each of many that are made at once', async () => {
    write(BASE)
    const made = await Promise.all(Array.from({ length: 8 }, () => json('token', 'add', 'partner')))
    expect(new Set(made.map(each => each.profile)).size).toBe(8)
    expect(await tokens('partner')).toHaveLength(8)
  })
})

describe('spillway recipient and grant', () => {
  it('add, list and remove, and saying it again changes nothing', async () => {
    write(BASE)
    expect(await json('recipient', 'add', 'New one', '--share', 'sea')).toMatchObject({
      changed: true,
      granted: ['sea'],
    })
    expect(await json('recipient', 'add', 'new ONE')).toMatchObject({ changed: false })
    expect(await json('grant', 'add', 'new one', 'sea', 'lake')).toMatchObject({
      granted: ['lake'],
    })
    expect(await json('grant', 'new one', 'lake')).toMatchObject({ changed: false })
    expect(await json('grant', 'list', 'NEW ONE')).toEqual({
      grants: ['sea', 'lake'].map(share => ({ recipient: 'New one', share })),
    })
    expect(await json('grant', 'revoke', 'new one', 'sea')).toMatchObject({
      changed: true,
      removed: ['sea'],
    })
    expect(await spillway('grant', 'remove', 'new one', 'sea')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/not granted sea/),
    })
    expect(await json('recipient', 'list')).toMatchObject({
      recipients: [
        { name: 'Partner', tokens: 0 },
        { name: 'New one', shares: ['lake'], nextExpiry: null },
      ],
    })
    expect(await json('recipient', 'remove', 'NEW one')).toMatchObject({ changed: true })
    const gone = await spillway('recipient', 'remove', 'partne', '--json')
    expect(gone).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/did you mean Partner\?/),
    })
    expect(JSON.parse(gone.stdout)).toMatchObject({ changed: false, removed: [] })
    expect(text()).toBe(BASE)
  })

  it.each([
    [['grant', 'add', 'nobody', 'lake'], 4, /no recipient nobody/],
    [['grant', 'add', 'partner', 'laek'], 4, /no share laek; did you mean lake\?/],
    [['grant', 'remove', 'every', 'lake'], 2, /every share by '\*'/],
    [['grant', 'list', 'partnr'], 4, /did you mean Partner/],
  ] as const)('refuse %j', async (args, status, reason) => {
    const before = `${BASE}  - { name: every, shares: ['*'] }\n`
    write(before)
    expect(await spillway(...args)).toMatchObject({ status, stderr: expect.stringMatching(reason) })
    expect(text()).toBe(before)
  })
})

describe('spillway share', () => {
  it('finds what lies there, in every format, and adds it beside what there is', async () => {
    cpSync(join(fixtures, 'delta', 'plain'), join(folder, 'tables', 'plain'), { recursive: true })
    write('shares: []\n')
    const added = await json(
      'share',
      'add',
      'tables/plain/',
      '--name',
      'my.lake.sales.orders',
      '--history',
    )
    expect(added).toMatchObject({
      changed: true,
      table: 'my.lake.sales.orders',
      found: { format: 'delta', version: '2', files: 3 },
    })
    expect(text()).toContain('location: ./tables/plain')
    const same = ['share', 'add', join(folder, 'tables/plain'), '--name', 'orders']
    expect(await json(...same, '--recipient', 'partner')).toMatchObject({
      changed: true,
      added: false,
      granted: ['partner'],
    })
    expect(await json(...same)).toMatchObject({ changed: false })
    expect(await json('share', 'list')).toMatchObject({
      shares: [
        {
          name: 'my.lake',
          recipients: ['partner'],
          tables: [
            {
              name: 'my.lake.sales.orders',
              location: `file://${folder}/tables/plain`,
              format: 'delta',
            },
          ],
        },
      ],
    })
    const other = await spillway(
      'share',
      'add',
      join(fixtures, 'delta', 'dv-delete'),
      '--name',
      'sales.orders',
    )
    expect(other).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/shared already, from file:/),
    })
    await json('share', 'add', join(fixtures, 'delta', 'dv-delete'))
    expect((await json('share', 'list')).shares[0].tables[1].name).toBe('my.lake.sales.dv-delete')
  })

  it('reads a relative location from where it is run, and keeps it relative to the file', async () => {
    cpSync(join(fixtures, 'delta', 'plain'), join(folder, 'a b', '%41#'), { recursive: true })
    await spillway('init', '--config', 'etc/spillway.yaml')
    const ran = await run(['share', 'add', '../a b/%41#', '--config', 'spillway.yaml'], {
      folder: join(folder, 'etc'),
    })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(join(folder, 'etc/spillway.yaml'), 'utf8')).toContain(
      `location: ${folder}/a b/%41#`,
    )
    expect(await json('share', 'list', '--config', 'etc/spillway.yaml')).toMatchObject({
      shares: [{ name: 'shared', tables: [{ name: 'shared.default.%41#' }] }],
    })
  })

  it('refuses what is not there, lacks its files, or cannot be reached, and leaves the file', async () => {
    cpSync(join(fixtures, 'delta', 'plain'), join(folder, 'plain'), { recursive: true })
    for (const name of readdirSync(join(folder, 'plain'))) {
      if (name.endsWith('.parquet')) rmSync(join(folder, 'plain', name))
    }
    write(BASE)
    for (const [args, status, reason] of [
      [['nothing', '--name', 'lake.s.t'], 4, /no .*table was found/],
      [['plain', '--name', 'lake.s.t'], 4, /a file that is not there/],
      [['s3://bucket/x', '--name', 'lake.s.t'], 2, /storage: \{ s3: \{ region/],
      [['plain'], 2, /--name expects share\.schema\.table; there are the shares lake, sea/],
      [['plain', '--name', 'lake..t'], 2, /--name expects share\.schema\.table, found lake\.\.t/],
      [['plain', '--name', 'lake.s.t', '--format', 'dleta'], 2, /did you mean "delta"/],
      [[], 2, /expected a location/],
    ] as const) {
      const ran = await spillway('share', 'add', ...args)
      expect(ran).toMatchObject({ status, stderr: expect.stringMatching(reason) })
      expect(text()).toBe(BASE)
    }
    expect(await json('share', 'add', 'plain', '--name', 'lake.s.t', '--no-check')).toMatchObject({
      changed: true,
      found: null,
    })
  })

  it('adds from a store as the configuration reaches it', async () => {
    const asked: string[] = []
    const store = createServer((request, response) => {
      asked.push(request.url!)
      response.statusCode = 403
      response.end('<Error><Code>AccessDenied</Code></Error>')
    })
    await new Promise<void>(resolve => store.listen(0, '127.0.0.1', resolve))
    const { port } = store.address() as AddressInfo
    const before = `storage: { s3: { region: x, endpoint: 'http://127.0.0.1:${port}', pathStyle: true, credentials: { accessKeyId: a, secretAccessKey: b } } }\n`
    write(before)
    const ran = await spillway('share', 'add', 's3://bucket/orders')
    store.close()
    expect(asked[0]).toMatch(/^\/bucket/)
    expect(ran.status).not.toBe(0)
    expect(text()).toBe(before)
  })

  it('removes a table or a share with its grants, and saying it again changes nothing', async () => {
    write(
      `${BASE.replace('sea', 'sea\n    schemas: [{ name: s, tables: [{ name: t, location: /x }] }]')}`,
    )
    expect(await json('share', 'remove', 'SEA.s.t')).toMatchObject({
      changed: true,
      removed: ['table SEA.s.t'],
    })
    expect(await spillway('share', 'remove', 'sea.s.t')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/no table, volume, model or skill sea\.s\.t/),
    })
    expect(await json('share', 'remove', 'lake', '--dry-run')).toMatchObject({ dryRun: true })
    expect(text()).toContain('name: lake')
    expect(await json('share', 'remove', 'lake')).toMatchObject({ changed: true })
    expect((await config()).shares.recipients).toMatchObject([{ name: 'Partner', shares: [] }])
    expect(await json('share', 'add', '--name', 'new')).toMatchObject({ changed: true })
    expect(await json('share', 'add', '--name', 'new')).toMatchObject({ changed: false })
  })

  it('does not guess whether a share or a table is meant', async () => {
    const before = `shares:
  - { name: a, schemas: [{ name: b, tables: [{ name: c, location: /x }] }] }
  - { name: a.b.c }
`
    write(before)
    expect(await spillway('share', 'remove', 'a.b.c')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/a share and a table/),
    })
    expect(text()).toBe(before)
  })
})

describe('spillway config', () => {
  it('check prints every mistake, as text and as data, and exits with 2', async () => {
    write('sever: {}\nshares:\n  - nmae: a\n')
    const { status, stdout, stderr } = await spillway('config', 'check')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(
      /2 mistakes\n.*spillway\.yaml:1:1: unknown key "sever"; did you mean "server"\?\n.*:3:5: shares\[0\]: unknown key "nmae"; did you mean "name"\?/,
    )
    const data = await spillway('config', 'check', '--json')
    expect(data).toMatchObject({ status: 2, stderr: '' })
    expect(JSON.parse(data.stdout)).toMatchObject({
      ok: false,
      problems: [
        { line: 1, column: 1, path: '' },
        {
          line: 3,
          column: 5,
          path: 'shares[0]',
          message: 'unknown key "nmae"; did you mean "name"?',
        },
      ],
    })
  })

  it('schema is what the package ships: `spillway config schema > config.schema.json` brings it up to date', async () => {
    const shipped = readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8')
    expect((await spillway('config', 'schema')).stdout).toBe(shipped)
  })
})
