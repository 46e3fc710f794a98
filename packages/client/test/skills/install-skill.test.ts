import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import {
  type InstallSkillOptions,
  installedSkills,
  installSkill,
  removeSkills,
  restoreSkills,
  type SkillsOptions,
  type UpdateSkillsOptions,
  updateSkills,
} from '../../src/node.js'
import { SkillServer, type SkillServerOptions } from '../support/skill-server.js'

let server: SkillServer | undefined
let folder: string
let to: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-skills-'))
  to = join(folder, '.agents/skills')
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

const skillFile = (name: string, more = '') =>
  `---\nname: ${name}\ndescription: Does ${name}.\n${more}---\nBody\n`
const PDF = {
  'SKILL.md': skillFile('pdf', 'allowed-tools: Read Bash(pdftk *)\n'),
  'scripts/fill.sh': '#!/bin/sh\necho fill\n',
}

async function start(
  skills: Readonly<Record<string, Readonly<Record<string, string>>>> = { pdf: PDF },
  options: SkillServerOptions = {},
): Promise<SkillServer> {
  server = await new SkillServer(skills, options).start()
  return server
}

const provider = () => ({
  client: createSharingClient(server!.profile, { retry: { retries: 0 } }),
  endpoint: server!.profile.endpoint,
})
const install = (name = 'lake.kb.pdf', options: Partial<InstallSkillOptions> = {}) =>
  installSkill(provider(), name, { to, ...options })
const restore = (options: Partial<SkillsOptions> = {}) =>
  restoreSkills([provider()], { to, ...options })
const update = (options: Partial<UpdateSkillsOptions> = {}) =>
  updateSkills([provider()], { to, ...options })
const lockText = () => readFileSync(join(to, 'spillway-lock.json'), 'utf8')
const text = (path: string) => readFileSync(join(to, path), 'utf8')
const failures = ({ failed }: { readonly failed: readonly { readonly error: unknown }[] }) =>
  failed.map(({ error }) => (error as Error).message)

/** Whatever was kept while skills came is gone: nothing but what says that Git shall not look. */
function expectTidy(): void {
  expect(readdirSync(join(to, '.spillway'))).toEqual(['.gitignore'])
}

describe('installing a skill', () => {
  it('makes its folder, and a lock that says which bytes, and no more', async () => {
    await start()
    const done = await install()
    expect(done).toMatchObject({
      name: 'pdf',
      state: 'installed',
      path: join(to, 'pdf'),
      source: 'lake.kb.pdf',
      verified: true,
      allowedTools: 'Read Bash(pdftk *)',
      warnings: [],
    })
    expect(text('pdf/SKILL.md')).toBe(PDF['SKILL.md'])
    expect(statSync(join(to, 'pdf/scripts/fill.sh')).mode & 0o111).toBe(0)
    expect(readdirSync(join(to, 'pdf')).sort()).toEqual(['SKILL.md', 'scripts'])
    expect(JSON.parse(lockText())).toMatchObject({
      version: 1,
      skills: {
        pdf: {
          source: 'lake.kb.pdf',
          endpoint: server!.url,
          digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
          allowedTools: 'Read Bash(pdftk *)',
          files: [{ path: 'SKILL.md' }, { path: 'scripts/fill.sh' }],
        },
      },
    })
    expect(lockText()).not.toContain('a-token')
    expect(lockText()).not.toContain(folder)
    expectTidy()
  })

  it('writes the same lock whatever came first, and on another machine', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    const first = lockText()
    to = join(folder, 'other')
    await install('lake.kb.csv')
    await install('lake.kb.pdf')
    expect(lockText()).toBe(first)
  })

  it('keeps credentials of an endpoint out of the lock', async () => {
    await start()
    const endpoint = `${server!.url.replace('//', '//user:s3cret@')}/?key=s3cret#s3cret`
    const { client } = provider()
    expect((await installSkill({ client, endpoint }, 'lake.kb.pdf', { to })).endpoint).toBe(
      server!.url,
    )
    expect(lockText()).not.toContain('s3cret')
  })

  it('again asks for no bytes where the provider states the same digests', async () => {
    await start()
    await install()
    server!.fetched.length = 0
    expect(await install()).toMatchObject({ state: 'unchanged', path: join(to, 'pdf') })
    expect(server!.fetched).toEqual([])
    server!.options = { digests: false }
    expect(await install()).toMatchObject({ state: 'unchanged', verified: false })
    expect(server!.fetched.sort()).toEqual(['SKILL.md', 'scripts/fill.sh'])
    expectTidy()
  })

  it('by a digest takes that content alone', async () => {
    await start()
    const { digest } = await install()
    await removeSkills(['pdf'], { to })
    const other = `sha256:${'0'.repeat(64)}`
    for (const digests of [true, false]) {
      server!.options = { digests }
      await expect(install(`lake.kb.pdf@${other}`)).rejects.toThrow(`found ${digest}`)
    }
    expect(existsSync(join(to, 'pdf'))).toBe(false)
    expect(await install(`lake.kb.pdf@${digest}`)).toMatchObject({ state: 'installed', digest })
    await expect(install('lake.kb.pdf@3')).rejects.toThrow('expected @sha256:')
    expectTidy()
  })

  it('of another content takes all of it, and says what changed and which tools are new', async () => {
    await start()
    await install()
    server!.skills.set('pdf', {
      'SKILL.md': skillFile('pdf', 'allowed-tools: Bash(pdftk *) Bash(rm -rf *)\n'),
      'new.md': 'new',
    })
    expect(await install()).toMatchObject({
      state: 'updated',
      changes: { added: ['new.md'], changed: ['SKILL.md'], removed: ['scripts/fill.sh'] },
      toolsAdded: ['Bash(rm -rf *)'],
    })
    expect(readdirSync(join(to, 'pdf')).sort()).toEqual(['SKILL.md', 'new.md'])
    expectTidy()
  })

  it('holds nothing of a file that is gone while it is downloaded', async () => {
    await start(
      { pdf: { ...PDF, 'more/gone.md': 'gone' } },
      {
        bytesOf: (path, text) => {
          if (path === 'more/gone.md') server!.skills.set('pdf', PDF)
          return text
        },
      },
    )
    expect(await install()).toMatchObject({ state: 'installed' })
    expect(readdirSync(join(to, 'pdf'), { recursive: true }).sort()).toEqual([
      'SKILL.md',
      'scripts',
      'scripts/fill.sh',
    ])
    expect((await installedSkills({ to })).skills).toMatchObject([{ state: 'same' }])
  })

  it('warns of front matter that agents put up with', async () => {
    await start({ pdf: { 'skill.md': skillFile('PDF', 'extra: 1\n') } })
    const { warnings } = await install()
    expect(warnings.map(({ field }) => field).sort()).toEqual(['extra', 'file', 'name', 'name'])
  })
})

describe('what is refused, and leaves nothing', () => {
  it.each<[string, Readonly<Record<string, string>>, SkillServerOptions, RegExp]>([
    ['no SKILL.md', { 'a.md': 'x' }, {}, /no SKILL\.md/],
    ['no description', { 'SKILL.md': '---\nname: pdf\n---\n' }, {}, /description/],
    ['an alias in its front matter', { 'SKILL.md': '---\nname: &a b\nx: *a\n---\n' }, {}, /front/],
    ['a path that leads out', { ...PDF, '../../x': 'x' }, {}, /safe on every system/],
    ['a path from the root', { ...PDF, '/tmp/x': 'x' }, {}, /safe on every system/],
    ['two names of one file', { ...PDF, 'skill.MD': 'x' }, {}, /fold case/],
    ['a repository', { ...PDF, 'docs/.git/config': '[core]' }, {}, /Git repository/],
    ['a repository by its short name', { ...PDF, 'GIT~1/config': '[core]' }, {}, /Git repository/],
    ['a repository without digests', { ...PDF, '.git/config': '' }, { digests: false }, /Git rep/],
    ['a name that was not asked for', PDF, { namedAs: 'csv' }, /"pdf" was asked for/],
  ])('%s', async (_, files, options, message) => {
    await start({ pdf: files }, options)
    await expect(install()).rejects.toThrow(message)
    const left = existsSync(to) ? readdirSync(to) : []
    expect(left.filter(name => name !== '.spillway')).toEqual([])
    if (left.length > 0) expectTidy()
    expect(readdirSync(folder).filter(name => name !== '.agents')).toEqual([])
  })

  it.each([
    ['that leads out', '../../evil', /name of a skill/],
    ['that hides', '.spillway', /name of a skill/],
    ['that is an option', '-rf', /name of a skill/],
    ['of a device', 'con', /name of a skill/],
    ['of escapes', 'a\u001b[2J', /found "a\\u001b/],
    ['turned around', 'a\u202eb', /found "a\\u\{202e\}b"/],
  ])('a name %s', async (_, name, message) => {
    await start({ [name]: PDF })
    const asked = installSkill(provider(), { share: 'lake', schema: 'kb', name }, { to })
    await expect(asked).rejects.toThrow(message)
    expect(readdirSync(folder).filter(each => each !== '.agents')).toEqual([])
  })

  it('more files than a skill has, before any is fetched', async () => {
    const many = Array.from({ length: 10_001 }, (_, i) => [`f${i}`, ''] as const)
    await start({ pdf: { ...PDF, ...Object.fromEntries(many) } })
    await expect(install()).rejects.toThrow(/more than 10000 files/)
    expect(server!.fetched).toEqual([])
  })

  it('bytes that are not of the stated digest', async () => {
    // Of the same length and tag: neither is what catches it.
    await start(undefined, { bytesOf: (_, text) => text.replace('echo', 'kill') })
    await expect(install()).rejects.toThrow(/digest/)
    expect(existsSync(join(to, 'pdf'))).toBe(false)
  })
})

describe('what somebody else did in the folder', () => {
  it.each([
    ['a folder', () => mkdirSync(join(to, 'pdf'), { recursive: true })],
    [
      'a folder with a skill',
      () => {
        mkdirSync(join(to, 'pdf'), { recursive: true })
        writeFileSync(join(to, 'pdf/SKILL.md'), PDF['SKILL.md'])
      },
    ],
    [
      'a link to a folder',
      () => {
        mkdirSync(to, { recursive: true })
        mkdirSync(join(folder, 'elsewhere'))
        symlinkSync(join(folder, 'elsewhere'), join(to, 'pdf'))
      },
    ],
    [
      'a folder that a disk takes for the same',
      () => mkdirSync(join(to, 'PDF'), { recursive: true }),
    ],
  ])('%s of its name is not taken over, even by force', async (_, make) => {
    await start()
    make()
    const before = readdirSync(to, { recursive: true })
    await expect(install('lake.kb.pdf', { force: true })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(
      readdirSync(to, { recursive: true }).filter(each => !String(each).startsWith('.')),
    ).toEqual(before)
  })

  it.each([
    [
      'a file that was changed',
      () => writeFileSync(join(to, 'pdf/SKILL.md'), 'mine'),
      /changed: "SKILL.md"/,
    ],
    [
      'a file that was added',
      () => writeFileSync(join(to, 'pdf/mine.md'), 'mine'),
      /new: "mine.md"/,
    ],
    [
      'a file that was removed',
      () => rmSync(join(to, 'pdf/scripts/fill.sh')),
      /gone: "scripts\/fill.sh"/,
    ],
    [
      'a link in the place of a file',
      () => {
        rmSync(join(to, 'pdf/SKILL.md'))
        symlinkSync('/etc/hostname', join(to, 'pdf/SKILL.md'))
      },
      /changed: "SKILL.md"/,
    ],
  ])('%s is kept unless forced', async (_, edit, message) => {
    await start()
    await install()
    server!.skills.set('pdf', { ...PDF, 'new.md': 'new' })
    edit()
    const lock = lockText()
    await expect(install()).rejects.toThrow(message)
    expect(failures(await update())).toEqual([expect.stringMatching(message)])
    expect(failures(await restore())).toEqual([expect.stringMatching(message)])
    expect(failures(await removeSkills(['pdf'], { to }))).toEqual([expect.stringMatching(message)])
    expect(lockText()).toBe(lock)
    expect(await update({ force: true })).toMatchObject({ skills: [{ state: 'updated' }] })
    expect(readdirSync(join(to, 'pdf')).sort()).toEqual(['SKILL.md', 'new.md', 'scripts'])
    expect(lstatSync(join(to, 'pdf/SKILL.md')).isFile()).toBe(true)
  })

  it('what systems put there by themselves is no change', async () => {
    await start()
    await install()
    writeFileSync(join(to, 'pdf/.DS_Store'), 'x')
    expect((await installedSkills({ to })).skills).toMatchObject([{ state: 'same' }])
    symlinkSync('/etc/passwd', join(to, 'pdf/scripts/.DS_Store'))
    expect((await installedSkills({ to })).skills).toMatchObject([{ state: 'changed' }])
  })

  it('what interpreters keep runs in place of scripts: it is told, and goes without being asked for', async () => {
    await start()
    await install()
    const kept = join(to, 'pdf/scripts/__pycache__')
    const plant = () => {
      mkdirSync(kept)
      writeFileSync(join(kept, 'fill.cpython-311.pyc'), 'other code')
    }
    plant()
    expect((await installedSkills({ to })).skills).toMatchObject([
      { state: 'changed', changes: { added: ['scripts/__pycache__/fill.cpython-311.pyc'] } },
    ])
    expect(await restore()).toMatchObject({ skills: [{ state: 'restored' }], failed: [] })
    expect(existsSync(kept)).toBe(false)
    plant()
    expect(await install()).toMatchObject({ state: 'restored' })
    expect(existsSync(kept)).toBe(false)
    plant()
    expect(await removeSkills(['pdf'], { to })).toMatchObject({ failed: [] })
  })

  it('a skill of the same name from elsewhere is another', async () => {
    await start()
    await install()
    const other = { ...provider(), endpoint: 'https://other.example' }
    await expect(installSkill(other, 'lake.kb.pdf', { to })).rejects.toThrow(/remove it first/)
  })
})

interface Lock {
  readonly skills: { readonly pdf: { readonly files: readonly { readonly path: string }[] } }
}

function withFiles(
  lock: Lock,
  change: (files: readonly { readonly path: string }[]) => unknown,
): unknown {
  const { pdf } = lock.skills
  return { ...lock, skills: { pdf: { ...pdf, files: change(pdf.files) } } }
}

describe('restoring what the lock says', () => {
  it('makes what is missing, and asks nobody for what is there', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    const lock = lockText()
    rmSync(join(to, 'pdf'), { recursive: true })
    server!.fetched.length = 0
    expect(await restore()).toMatchObject({
      skills: [
        { name: 'csv', state: 'unchanged' },
        { name: 'pdf', state: 'restored' },
      ],
      failed: [],
    })
    expect(server!.fetched.sort()).toEqual(['SKILL.md', 'scripts/fill.sh'])
    expect(text('pdf/SKILL.md')).toBe(PDF['SKILL.md'])
    expect(lockText()).toBe(lock)
  })

  it.each([true, false])(
    'refuses other content by its files (digests stated: %s)',
    async digests => {
      await start(undefined, { digests })
      await install()
      const lock = lockText()
      rmSync(join(to, 'pdf'), { recursive: true })
      server!.skills.set('pdf', { ...PDF, 'SKILL.md': `${PDF['SKILL.md']}x`, 'b.md': '' })
      expect(failures(await restore())).toEqual([
        'lake.kb.pdf is not what the lock says (new: "b.md"; other: "SKILL.md"): update takes what is shared now',
      ])
      expect(existsSync(join(to, 'pdf'))).toBe(false)
      expect(lockText()).toBe(lock)
    },
  )

  it('sends a profile to no other endpoint, and goes on with the others', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    for (const name of ['pdf', 'csv']) rmSync(join(to, name), { recursive: true })
    const lock = JSON.parse(lockText())
    lock.skills.csv.endpoint = 'https://evil.example'
    writeFileSync(join(to, 'spillway-lock.json'), JSON.stringify(lock))
    const result = await restore()
    expect(result.skills).toMatchObject([{ name: 'pdf', state: 'restored' }])
    expect(failures(result)).toEqual([
      `lake.kb.csv is shared by https://evil.example: expected a profile for it, found ${server!.url}`,
    ])
  })

  it.each<[string, (lock: Lock) => unknown, RegExp]>([
    [
      'a name that leads out',
      ({ skills }) => ({ version: 1, skills: { '../x': skills.pdf } }),
      /name/,
    ],
    [
      'a file that leads out',
      lock => withFiles(lock, files => files.map(file => ({ ...file, path: '../x' }))),
      /safe/,
    ],
    [
      'files of another digest',
      lock => withFiles(lock, files => files.slice(1)),
      /merged from two/,
    ],
    ['a later version', lock => ({ ...lock, version: 2 }), /version 2/],
    [
      'the lock of another installer',
      () => ({ version: 1, skills: { a: { source: 'x/y' } } }),
      /source/,
    ],
    ['a list', () => [], /no object/],
  ])('a lock with %s is refused', async (_, change, message) => {
    await start()
    await install()
    rmSync(join(to, 'pdf'), { recursive: true })
    writeFileSync(join(to, 'spillway-lock.json'), JSON.stringify(change(JSON.parse(lockText()))))
    await expect(restore()).rejects.toThrow(message)
    await expect(install()).rejects.toThrow(message)
    expect(readdirSync(to).sort()).toEqual(['.spillway', 'spillway-lock.json'])
  })

  it('a lock that Git could not merge is told', async () => {
    mkdirSync(to, { recursive: true })
    writeFileSync(join(to, 'spillway-lock.json'), '{\n<<<<<<< HEAD\n}')
    await expect(installedSkills({ to })).rejects.toThrow(/merge of Git/)
  })
})

describe('updating', () => {
  it('dry says what would change, and writes nothing', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    server!.skills.set('pdf', { ...PDF, 'b.md': '' })
    for (const digests of [true, false]) {
      server!.options = { digests }
      const before = readdirSync(to, { recursive: true })
      const lock = lockText()
      expect(await update({ dryRun: true })).toMatchObject({
        skills: [
          { name: 'csv', state: 'unchanged' },
          { name: 'pdf', state: 'planned', changes: { added: ['b.md'] } },
        ],
        failed: [],
      })
      expect(readdirSync(to, { recursive: true })).toEqual(before)
      expect(lockText()).toBe(lock)
    }
  })

  it('takes the named alone; what is shared no more stays, and is told', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    server!.skills.set('csv', { 'SKILL.md': skillFile('csv'), 'b.md': '' })
    server!.skills.delete('pdf')
    const result = await update({ names: ['csv', 'nope'] })
    expect(result.skills).toMatchObject([{ name: 'csv', state: 'updated' }])
    expect(failures(result)).toEqual([expect.stringContaining('no skill "nope"')])
    expect(failures(await update())).toEqual([expect.stringContaining('lake.kb.pdf is shared')])
    expect(text('pdf/SKILL.md')).toBe(PDF['SKILL.md'])
  })
})

describe('removing', () => {
  it('takes the folder and its line of the lock, and leaves what is not ours', async () => {
    await start({ pdf: PDF, csv: { 'SKILL.md': skillFile('csv') } })
    await install('lake.kb.pdf')
    await install('lake.kb.csv')
    mkdirSync(join(to, 'mine'))
    expect(await removeSkills(['pdf'], { to })).toMatchObject({ skills: [{ state: 'removed' }] })
    expect(await installedSkills({ to })).toMatchObject({
      skills: [{ name: 'csv', state: 'same' }],
      others: ['mine'],
    })
    const result = await removeSkills(['pdf', 'mine', '../csv', 'csv'], { to, force: true })
    expect(result.skills.map(({ name }) => name)).toEqual(['csv'])
    expect(failures(result)).toEqual([
      expect.stringContaining('no skill "pdf"'),
      expect.stringContaining('somebody else'),
      expect.stringContaining('name of a skill'),
    ])
    expect(readdirSync(to).sort()).toEqual(['.spillway', 'mine', 'spillway-lock.json'])
    expectTidy()
  })
})

describe('two at once', () => {
  it('each installs its own, and the lock has all', async () => {
    const names = ['a1', 'b2', 'c3', 'd4']
    await start(Object.fromEntries(names.map(name => [name, { 'SKILL.md': skillFile(name) }])))
    await Promise.all(names.map(name => install(`lake.kb.${name}`)))
    expect(Object.keys(JSON.parse(lockText()).skills)).toEqual(names)
    expectTidy()
  })

  it('of one skill end with one whole folder', async () => {
    await start()
    const done = await Promise.all([install(), install()])
    expect(done.map(({ state }) => state).sort()).toEqual(['installed', 'unchanged'])
    expectTidy()
  })
})
