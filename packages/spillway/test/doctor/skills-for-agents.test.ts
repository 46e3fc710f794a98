import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/configuration/config.js'
import { unreadableChecks } from '../../src/doctor/unreadable-checks.js'
import { putFiles } from '../support/served-folder.js'
import { run } from '../support/terminal.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-agents-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly warning?: boolean
  readonly detail: string
}

const path = () => join(folder, 'spillway.yaml')
const put = (files: Readonly<Record<string, string>>) => putFiles(folder, files)
const skill = (name: string, body = `# ${name}\n`) =>
  `---\nname: ${name}\ndescription: Does ${name}\n---\n${body}`

/** What doctor finds, without what it says of the machine and of the configuration as a whole. */
async function doctor(config: object): Promise<readonly Check[]> {
  writeFileSync(path(), JSON.stringify(config))
  const { stdout } = await run(['doctor', '--json'], { folder })
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] }
  const known = ['node', 'duckdb', 'clock', 'config', 'public']
  return checks.filter(({ name }) => !known.includes(name))
}
const warned = (checks: readonly Check[]) =>
  checks.flatMap(({ name, warning, detail }) => (warning ? [`${name}: ${detail}`] : []))
const share = (name: string, schema: object) => ({ name, schemas: [{ name: 's', ...schema }] })

describe('doctor, of skills that are too large for agents', () => {
  it('tells each once, named or found in a folder, and leaves others alone', async () => {
    put({
      'long/SKILL.md': skill('long', 'line\n'.repeat(501)),
      'team/wordy/SKILL.md': skill('wordy', 'words '.repeat(4000)),
      'team/fine/SKILL.md': skill('fine'),
      'team/heavy/SKILL.md': skill('heavy'),
      'team/heavy/data.bin': 'x'.repeat(4 * 1024 ** 2 + 1),
      ...Object.fromEntries(Array.from({ length: 512 }, (_, i) => [`many/a/${i}`, ''])),
      'many/SKILL.md': skill('many'),
    })
    const skills = ['long', 'many'].map(name => ({ name, location: name }))
    const checks = await doctor({
      shares: [share('lake', { skills, skillFolders: [{ location: 'team' }] })],
    })
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(warned(checks)).toEqual([
      expect.stringMatching(/^lake\.s\.long: the body of its SKILL\.md: it has 501 lines, and 500/),
      expect.stringMatching(
        /^lake\.s\.many: it has more than 512 files or .* neither the well-known/,
      ),
      expect.stringMatching(
        /^lake\.s\.heavy: "data\.bin" has 4\.2 MB, and over MCP at most 4\.2 MB/,
      ),
      expect.stringMatching(/^lake\.s\.wordy: the body of its SKILL\.md: it has about 6000 tokens/),
    ])
  })

  it('and so does inspect', async () => {
    put({ 'long/SKILL.md': skill('long', 'line\n'.repeat(501)) })
    const { stdout } = await run(['inspect', 'long', '--json'], { folder })
    expect(JSON.parse(stdout)).toMatchObject({
      faults: [],
      warnings: [expect.stringMatching(/^SKILL\.md: body: it has 501 lines/)],
    })
  })
})

describe('doctor, of skills of one name', () => {
  const lake = (more: object = {}) =>
    share('lake', { skills: [{ name: 'pdf', location: 'a/pdf', ...more }] })
  const sea = (more: object = {}) =>
    share('sea', { skills: [{ name: 'pdf', location: 'b/pdf', ...more }] })
  const recipients = [
    { name: 'both', shares: ['lake', 'SEA'] },
    { name: 'all', shares: ['*'] },
    { name: 'one', shares: ['lake'] },
  ]
  beforeEach(() => put({ 'a/pdf/SKILL.md': skill('pdf'), 'b/pdf/SKILL.md': skill('pdf', 'other') }))

  it('tells whom the index has none of them', async () => {
    expect(warned(await doctor({ shares: [lake(), sea()], recipients }))).toEqual([
      'names: lake.s.pdf and sea.s.pdf are skills of one name and not the same: for both and all the well-known index has no pdf, and over MCP share and schema alone tell them apart',
    ])
  })

  it('tells it of what everybody may read', async () => {
    const checks = await doctor({ shares: [lake({ public: true }), sea({ public: true })] })
    expect(warned(checks)).toEqual([expect.stringMatching(/for whoever has no token the/)])
  })

  it.each([
    ['nobody is granted both', [recipients[2]!], 'other'],
    ['they are the same', recipients, `# pdf\n`],
  ])('says nothing where %s', async (_, granted, body) => {
    put({ 'b/pdf/SKILL.md': skill('pdf', body) })
    expect(warned(await doctor({ shares: [lake(), sea()], recipients: granted }))).toEqual([])
  })

  it('tells which is hidden in its own schema', async () => {
    const skills = [{ name: 'pdf', location: 'a/pdf' }]
    const checks = await doctor({
      shares: [share('lake', { skills, skillFolders: [{ location: 'b' }] })],
    })
    expect(warned(checks)).toEqual([
      `lake.s.pdf: the skill at file://${folder}/b/pdf/ is shared with nobody: the one at file://${folder}/a/pdf/ has its name and stands before it`,
    ])
  })
})

it('doctor fails over a folder that holds what the server keeps for itself', async () => {
  put({ 'etc/secret.txt': 'x'.repeat(40), 'etc/a.txt': 'a' })
  const volumes = [{ name: 'etc', location: 'etc' }]
  const server = { secretFile: 'etc/secret.txt' }
  const checks = await doctor({ server, shares: [share('lake', { volumes })] })
  expect(checks.filter(({ ok }) => !ok)).toMatchObject([
    {
      name: 'lake.s.etc',
      detail: expect.stringMatching(/this volume read .*secret\.txt, which the server/),
    },
  ])
})

describe('what the user who runs the server may not read', () => {
  it('is told by path, of all kinds of folders, each once', async context => {
    const isRoot = process.geteuid?.() === 0
    if (isRoot && process.seteuid === undefined) return context.skip()
    put({
      'docs/a.txt': 'a',
      'docs/shut.txt': 'b',
      'docs/closed/c.txt': 'c',
      'team/zip/SKILL.md': skill('zip'),
      'table/part.parquet': 'PAR1',
    })
    writeFileSync(
      path(),
      JSON.stringify({
        shares: [
          share('lake', {
            tables: [{ name: 't', location: 'table', format: 'parquet' }],
            volumes: [
              { name: 'docs', location: 'docs' },
              { name: 'same', location: 'docs' },
            ],
            skillFolders: [{ location: 'team' }],
            models: [{ name: 'm', versions: [{ version: 1, location: 'nowhere' }] }],
          }),
        ],
      }),
    )
    const { shares } = await loadConfig(path())
    const closed = ['docs/shut.txt', 'docs/closed', 'team/zip/SKILL.md', 'table/part.parquet']
    chmodSync(folder, 0o755)
    for (const each of closed) chmodSync(join(folder, each), 0)
    const time = { signal: new AbortController().signal }
    // Permissions do not hold the superuser: as another user they do.
    if (isRoot) process.seteuid!(65_534)
    try {
      const checks = await unreadableChecks(shares, time)
      expect(warned(checks).map(each => each.replaceAll(`${folder}/`, ''))).toEqual([
        expect.stringMatching(/^lake\.s\.t: .*may not read 1 path of it.*: table\/part\.parquet$/),
        expect.stringMatching(/^lake\.s\.docs: .*2 paths of it.*: docs\/shut\.txt, docs\/closed$/),
        expect.stringMatching(/^lake\.s skills: .*1 path of it.*: team\/zip\/SKILL\.md$/),
      ])
    } finally {
      if (isRoot) process.seteuid!(0)
      for (const each of closed) chmodSync(join(folder, each), 0o700)
    }
    expect(isRoot ? await unreadableChecks(shares, time) : []).toEqual([])
  })
})
