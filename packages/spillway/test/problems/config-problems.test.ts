import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { examineConfig, examineConfigFile } from '../../src/configuration/config.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-problems-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const told = (text: string) =>
  examineConfig(text, '/srv').problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path} ${message}`,
  )

describe('mistakes in a configuration', () => {
  it('are told all at once, in their order, each where it stands, with what may be meant', () => {
    const text = `# comment
server:
  prot: 8420
  publicUrl: share.example
shares:
  - name: lake
    schemas:
      - name: sales
        tables:
          - name: orders
            locaton: /data/orders
            format: dleta
          - { name: orders2, path: /data/x }
recipients:
  - name: partner
    shares: [laek]
staging: []
`
    expect(told(text)).toEqual([
      '3:3 server unknown key "prot"; did you mean "port"?',
      '4:14 server.publicUrl expected a URL such as https://share.example, found "share.example"',
      '11:13 shares[0].schemas[0].tables[0] unknown key "locaton"; did you mean "location"?',
      '12:21 shares[0].schemas[0].tables[0].format expected delta, iceberg, hudi or parquet, found "dleta"; did you mean "delta"?',
      '13:13 shares[0].schemas[0].tables[1] "location" is missing',
      expect.stringMatching(
        /^13:30 shares\[0\]\.schemas\[0\]\.tables\[1\] unknown key "path"; expected location, /,
      ),
      '17:10 staging expected a mapping, found a list',
    ])
  })

  it('that only names tell come with places too', () => {
    const text = `shares:
  - name: lake
recipients:
  - &one
    name: partner
    shares: [lake, laek]
  - name: other
    shares:
      - lakes
`
    expect(told(text)).toEqual([
      '6:20 recipients[0].shares[1] recipient "partner" is granted share "laek", which is not defined; did you mean "lake"?',
      '9:9 recipients[1].shares[0] recipient "other" is granted share "lakes", which is not defined; did you mean "lake"?',
    ])
  })

  it('are found behind an alias, where its anchor stands', () => {
    const text = `storage:
  s3: &s3
    regoin: eu-central-1
  buckets: [{ bucket: a }]
shares: *s3
`
    expect(told(text)[0]).toMatch(/^3:5 storage\.s3 unknown key "regoin"; did you mean "region"\?/)
  })

  it.each([
    ['an open bracket', 'server: {\nshares: [', /^1:\d+|^2:\d+ .*bracket/],
    ['a tab', 'server:\n\tport: 1', /^2:1 .*tab/],
    ['a key twice', 'server:\n  port: 1\n  port: 2', /^3:3 .*twice/],
    ['a colon in text', 'server:\n  host: a: b', /^2:9 .*quotes/],
    ['a tag that nobody knows', 'server:\n  secret: !env Secret0123456789', /^2:11 .*no such tag/],
    ['such a tag of a list', 'shares: !mine []', /^1:9 .*no such tag/],
    ['a tag of another value', 'server: { port: !!int x }', /^1:17 .*not one of this value/],
    ['a directive that nobody knows', '%TAGS a\n---\nshares: []', /^1:1 .*no such directive/],
    ['an alias without its anchor', 'shares:\n  - *lake', /^2:5 .*without its anchor/],
    ['a list among keys', 'server: {}\n- a', /^2:1 .*without a colon/],
    ['two documents', 'server: {}\n---\nserver: {}', /^2:1 .*one document/],
    ['an alias of nothing', 'server: *none', /^1:9 .*anchor/],
    ['an alias of itself', 'shares: &a [*a]', /^1:13 shares\[0\] expected a mapping/],
    ['no mapping', 'hello', /^1:1 .*expected a mapping/],
  ])('of syntax are in our words: %s', (_, text, expected) => {
    const [first] = told(text)
    expect(first).toMatch(expected)
    expect(first).not.toMatch(/token|implicit|scalar|node/i)
  })

  it.each([
    ['as a hash', 'recipients: [{ name: a, tokens: [{ sha256: SECRET }] }]'],
    ['in place of a list of tokens', 'recipients: [{ name: a, tokens: SECRET }]'],
    ['as a token', 'recipients: [{ name: a, tokens: [SECRET] }]'],
    ['as a grant', 'recipients: [{ name: a, shares: [SECRET] }]'],
    ['as a key', 'server: { SECRET: 1 }'],
    ['in place of keys', 'storage: { s3: { credentials: SECRET } }'],
    ['behind a misspelt key', 'storage: { s3: { credentials: { accessKey: SECRET } } }'],
    ['as a whole section', 'storage: SECRET'],
    ['as an endpoint', 'storage: { s3: { endpoint: "https//me:SECRET@x" } }'],
    ['in a line that is no YAML', 'storage:\n  s3:\n    credentials: SECRET: x'],
    ['before a line that is no YAML', 'server: { secret: SECRET }\n- a'],
    ['as a key twice', 'server:\n  SECRET: 1\n  SECRET: 2'],
    ['as an alias', 'server: *SECRET'],
    ['as a kind', 'storage: { vending: [{ kind: SECRET }] }'],
    ['as a name twice', 'shares: [{ name: SECRET }, { name: SECRET }]'],
    ['as a secret file', 'server: { secretFile: { SECRET: a } }'],
  ])('never repeat a secret that stands %s', (_, text) => {
    for (const secret of ['wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY', 'AKIAIOSFODNN7EXAMPLE']) {
      const problems = told(text.replaceAll('SECRET', secret))
      expect(problems).not.toEqual([])
      expect(problems.join('\n')).not.toContain(secret)
    }
  })

  it('in files of secrets stand at their key', async () => {
    const path = join(folder, 'spillway.yaml')
    writeFileSync(join(folder, 'short.txt'), 'short')
    writeFileSync(path, 'server:\n  secrets:\n    - file: none.txt\n    - file: short.txt\n')
    const { problems, config } = await examineConfigFile(path)
    expect(config).toBeUndefined()
    expect(problems).toEqual([
      {
        line: 3,
        column: 13,
        path: 'server.secrets[0].file',
        message: 'the file cannot be read: ENOENT',
      },
      expect.objectContaining({ line: 4, message: expect.stringMatching(/16 characters/) }),
    ])
  })

  it('leave a configuration without any as it is', () => {
    for (const text of ['', '# none', 'server:\nstorage:\nstaging:\nshares:\nrecipients:\n']) {
      expect(examineConfig(text, '/srv')).toMatchObject({
        problems: [],
        config: { localRoots: [] },
      })
    }
  })
})
