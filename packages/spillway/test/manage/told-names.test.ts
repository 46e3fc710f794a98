import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { golden } from '../support/sample-share.js'
import { run } from '../support/terminal.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-told-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const spillway = (...args: readonly string[]) => run(args, { folder })

/** Parquet files without the log of a table. */
function parquetFiles(name: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  for (const file of readdirSync(join(golden, 'plain')).filter(each => each.endsWith('.parquet'))) {
    cpSync(join(golden, 'plain', file), join(folder, name, file))
  }
}

describe('a location', () => {
  beforeEach(() => writeFileSync(join(folder, 'spillway.yaml'), 'shares: []\n'))
  const add = (location: string, ...more: readonly string[]) =>
    spillway('share', 'add', location, '--name', 'lake.s.t', ...more)
  /** What the message offers between quotes, which has to work. */
  const offered = (stderr: string) => /'([^']+)'/.exec(stderr)![1]!

  it.each(['x[1]', 'a{b}', 'what?', 'all*', 'in/x[1]/y{2,3}/'])(
    'with marks of a pattern in its name is told as that, with what works: %s',
    async location => {
      parquetFiles(location)
      const { status, stderr } = await add(location)
      expect(status).toBe(4)
      expect(stderr).toMatch(/are marks of a pattern here/)
      const added = await add(offered(stderr))
      expect(added.stdout).toMatch(/added lake\.s\.t {2}parquet version \d+, 3 files/)
    },
  )

  it('that is one file is told as that, with a pattern which it alone matches', async () => {
    parquetFiles('.')
    const [first] = readdirSync(folder).filter(name => name.endsWith('.parquet'))
    cpSync(join(folder, first!), join(folder, 'x.parquet'))
    const { status, stderr } = await add('x.parquet')
    expect(status).toBe(4)
    expect(stderr).toMatch(/that is a file, and a table is a folder of them/)
    expect((await add(offered(stderr))).stdout).toMatch(/parquet version \d+, 1 file$/m)
  })

  it.each([
    ['that matches nothing', 'pq/*.csv', /no Parquet file matches the pattern pq\/\*\.csv/],
    ['that is not there', 'nope', /there is no such folder/],
    ['in which nothing lies', 'empty', /no log of a table and no Parquet file lies in this folder/],
  ])('%s is told as that', async (_, location, reason) => {
    parquetFiles('pq')
    mkdirSync(join(folder, 'empty'))
    expect(await add(location)).toMatchObject({ status: 4, stderr: expect.stringMatching(reason) })
  })

  it('that the shell made several of is told to be put in quotes', async () => {
    const { status, stderr } = await add('a.parquet', 'b.parquet')
    expect(status).toBe(2)
    expect(stderr).toMatch(/a pattern over files stands in quotes/)
  })
})

describe('a name on the command line', () => {
  it.each([
    [['share', 'add', '--name', 'a b'], /^spillway: the name of the share: expected a name/],
    [
      ['share', 'add', '/x', '--no-check', '--name', 'lake.a b.t'],
      /the name of the schema: expect/,
    ],
    [['share', 'add', '/x', '--no-check', '--name', 'lake.s.a b'], /the name of the table: expect/],
    [['recipient', 'add', ''], /the name of the recipient: expected text, found an empty one/],
    [['token', 'add', 'x', '--label', ''], /the label of the token: expected text, found an empty/],
    [['recipient', 'add', 'x', '--share', 'lak'], /granted share "lak".* did you mean "lake"\?/],
  ])(
    'is told as that, and by no line of a file that does not have it: %j',
    async (args, reason) => {
      const path = join(folder, 'spillway.yaml')
      const before = "server: { publicUrl: 'https://share.example' }\nshares: [{ name: lake }]\n"
      writeFileSync(path, before)
      const { status, stderr } = await spillway(...args)
      expect(status).toBe(2)
      expect(stderr).toMatch(reason)
      expect(stderr).not.toMatch(/yaml:\d|line:|\[\d+\]/)
      expect(readFileSync(path, 'utf8')).toBe(before)
    },
  )
})

describe('what is to be done next', () => {
  it.each(['other.yaml', "it's a folder/my lake.yaml"])(
    'is about the same configuration: %s',
    async config => {
      const made = await spillway('init', '--config', config)
      const commands = [...made.stdout.matchAll(/`spillway ([^`]+)`/g)].map(([, each]) => each!)
      expect(commands).toHaveLength(3)
      const listed = await spillway('share', 'list', '--config', config)
      const added = await spillway('recipient', 'add', 'x', '--config', config)
      commands.push(...[listed, added].map(({ stdout }) => /`spillway ([^`]+)`/.exec(stdout)![1]!))
      for (const command of commands) {
        // As a shell takes it apart.
        const script = `for word in ${command}; do printf '%s\\n' "$word"; done`
        const words = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
        expect(words.slice(-2)).toEqual(['--config', config])
      }
    },
  )

  it('is as short as it can be for the usual file', async () => {
    expect((await spillway('init')).stdout).toMatch(
      /next: `spillway share add LOCATION --name SHARE\.SCHEMA\.TABLE`, `spillway token add NAME --share SHARE`, `spillway serve`\n/,
    )
  })
})
