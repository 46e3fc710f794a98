import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built, runBuilt, type SampleShare, serveSampleTables } from './support/sample-share.js'
import { run } from './support/terminal.js'

describe.skipIf(!built)('ls and describe, of a server in another process', () => {
  let share: SampleShare
  beforeAll(async () => {
    share = await serveSampleTables()
  })
  afterAll(() => share.close())

  const NAMES = ['accounts', 'reviews', 'stations', 'trips', 'weather']

  it('ls prints one full name a line where nobody watches', async () => {
    const ran = await runBuilt(['ls', share.profile])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toBe(NAMES.map(name => `city.public.${name}\n`).join(''))
  })

  it('ls --tree draws shares, schemas and tables, in ASCII where the locale has no more', async () => {
    const drawn = await run(['ls', share.profile, '--tree'])
    expect(drawn.stdout).toMatch(/^city\n└─ public\n {3}├─ accounts\n[\s\S]* {3}└─ weather\n$/)
    const ascii = await run(['ls', share.profile, '--tree'], { environment: { LC_ALL: 'C' } })
    expect(ascii.stdout).toMatch(/^city\n`- public\n {3}\|- accounts\n[\s\S]* {3}`- weather\n$/)
  })

  it('ls --json lists shares and tables, of the part that was named', async () => {
    const ran = await run(['ls', `${share.profile}#city.public.trips`, '--json'])
    expect(JSON.parse(ran.stdout)).toEqual({
      shares: [],
      tables: [{ share: 'city', schema: 'public', name: 'trips', accessModes: ['url'] }],
      volumes: [],
      models: [],
      skills: [],
    })
    const whole = await run(['ls', `${share.profile}#city`, '--json'])
    expect(JSON.parse(whole.stdout)).toMatchObject({
      shares: ['city'],
      tables: NAMES.map(name => ({ name })),
    })
  })

  it.each([
    ['a share', ['ls', '#cty'], /no share cty .*did you mean city\?/],
    ['a schema', ['ls', '#city.publik'], /no schema city\.publik .*did you mean city\.public\?/],
    ['a table', ['ls', '#city.public.trip'], /did you mean city\.public\.trips\?/],
    ['a table described', ['describe', '#city.public.tirps'], /did you mean city\.public\.trips\?/],
    ['a table far from all', ['describe', '#city.public.zzzzzz'], /spillway ls PROFILE lists/],
  ])('%s that is not there is answered with what is near', async (_, [command, name], message) => {
    const ran = await run([command!, `${share.profile}${name}`])
    expect(ran).toMatchObject({ status: 4, stdout: '' })
    expect(ran.stderr).toMatch(message)
  })

  it('describe prints facts, the schema and a bar a partition', async () => {
    const ran = await runBuilt(['describe', `${share.profile}#city.public.trips`, '--top', '3'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(/rows +41,980\nfiles +28, /)
    expect(ran.stdout).toMatch(/fare +decimal\(8,2\)\nday +date +partition\n/)
    expect(ran.stdout).toMatch(/14 partitions\n(day=2026-03-\d\d +█+.? +2 files, \d+ KB\n){3}/)
    expect(ran.stdout).toMatch(/11 smaller +22 files, \d+ KB\n$/)
  })

  it.each([
    ['reviews', { rows: 36, deletionVectors: 2, responseFormat: 'delta' }],
    ['stations', { rows: 6, features: ['columnMapping'] }],
    ['weather', { rows: 336, files: 14, partitionColumns: ['day'] }],
    ['accounts', { version: '2', partitions: [] }],
  ])('describe --json tells of %s what the provider has', async (name, facts) => {
    const ran = await run(['describe', `${share.profile}#city.public.${name}`, '--json'])
    expect(JSON.parse(ran.stdout)).toMatchObject({ name: `city.public.${name}`, ...facts })
  })

  it('describe reads an older version, and says which are there', async () => {
    const older = await run([
      'describe',
      `${share.profile}#city.public.accounts`,
      '--version',
      '1',
      '--json',
    ])
    expect(JSON.parse(older.stdout)).toMatchObject({ version: '1' })
    const none = await run(['describe', `${share.profile}#city.public.trips`, '--version', '99'])
    expect(none.status).toBe(2)
    expect(none.stderr).toMatch(/version 99 is not available: the latest version is 0/)
  })

  it('a token that the server refuses is said without showing it', async () => {
    const path = join(share.folder, 'wrong.share')
    const secret = 'a-token-that-nobody-may-see'
    writeFileSync(
      path,
      JSON.stringify({ shareCredentialsVersion: 1, endpoint: share.endpoint, bearerToken: secret }),
    )
    const ran = await run(['ls', path])
    expect(ran.status).toBe(1)
    expect(ran.stderr).toMatch(/the server answered 401/)
    expect(ran.stderr).not.toContain(secret)
    expect(ran.stderr).not.toMatch(/^ +at /m)
  })
})

describe('a profile file that cannot be used', () => {
  const profileOf = (more: object) =>
    JSON.stringify({
      shareCredentialsVersion: 1,
      endpoint: 'http://127.0.0.1:1/delta-sharing',
      bearerToken: 'secret-token',
      ...more,
    })

  it.each([
    ['is not there', undefined, 4, /no profile lies at .*p\.share: expected the \.share file/],
    ['is no JSON', 'bearerToken: secret-token', 2, /the profile is not JSON/],
    ['lacks its endpoint', profileOf({ endpoint: 'nothing' }), 2, /endpoint is missing or invalid/],
    [
      'has expired',
      profileOf({ expirationTime: '2020-01-01T00:00:00Z' }),
      1,
      /expired at 2020-01-01T00:00:00\.000Z: ask the provider/,
    ],
    [
      'names a server that is not there',
      profileOf({}),
      1,
      /no whole answer from http:\/\/127\.0\.0\.1:1\//,
    ],
  ])('is refused where it %s', async (_, text, status, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-profile-'))
    try {
      if (text !== undefined) writeFileSync(join(folder, 'p.share'), text)
      const ran = await run(['ls', 'p.share'], { folder })
      expect(ran).toMatchObject({ status, stdout: '' })
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr).not.toContain('secret-token')
      expect(ran.stderr).not.toMatch(/^ +at /m)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it.each(['', '#city', 'p.share#', 'p.share#a..b', 'p.share#.a'])(
    '%j names nothing to list',
    async path => {
      const ran = await run(['ls', path])
      expect(ran).toMatchObject({ status: 2, stdout: '' })
      expect(ran.stderr).toMatch(/expected PROFILE, PROFILE#share/)
    },
  )
})
