import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import { installedSkills, installSkill } from '../../src/node.js'
import { SkillServer } from '../support/skill-server.js'

let server: SkillServer
let folder: string
let to: string
beforeAll(async () => {
  const pdf = { 'SKILL.md': '---\nname: pdf\ndescription: Fills forms.\n---\n' }
  server = await new SkillServer({ pdf }, {}).start()
})
afterAll(() => server.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-planted-'))
  to = join(folder, 'skills')
  mkdirSync(join(to, '.spillway'), { recursive: true })
  writeFileSync(join(folder, 'mine'), 'mine')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const install = () =>
  installSkill(
    { client: createSharingClient(server.profile), endpoint: server.profile.endpoint },
    'lake.kb.pdf',
    { to },
  )

const PLANTED: Record<string, (place: string) => void> = {
  'a link to a file': place => symlinkSync(join(folder, 'mine'), place),
  'a link to nothing': place => symlinkSync(join(folder, 'made'), place),
  'another name of a file': place => linkSync(join(folder, 'mine'), place),
  'a pipe': place => void execFileSync('mkfifo', [place]),
  'a link to a device': place => symlinkSync('/dev/zero', place),
}

describe.skipIf(process.platform === 'win32')('in a folder of skills, in the place of', () => {
  const unlinked = Object.keys(PLANTED).filter(what => what !== 'another name of a file')
  it.each([
    ...Object.keys(PLANTED).map(what => ['.spillway/placing.new', what] as const),
    ...unlinked.map(what => ['.spillway/placing', what] as const),
    ...unlinked.map(what => ['.spillway/lock-x', what] as const),
    ...unlinked.map(what => ['spillway-lock.json', what] as const),
  ])('%s %s is neither followed nor waited for, and is refused by its name', async (path, what) => {
    PLANTED[what]!(join(to, path))
    const error = await install().catch(failure => failure)
    expect(error).toMatchObject({ code: 'CONFLICT' })
    expect(error.message).toContain(JSON.stringify(path))
    expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('mine')
    expect(existsSync(join(folder, 'made'))).toBe(false)
  })

  it('what a process left, a pipe as its owner is waited for by nobody', async () => {
    const left = join(to, '.spillway', `staging-${'0'.repeat(36)}`)
    mkdirSync(left)
    execFileSync('mkfifo', [join(left, 'owner')])
    expect(await install()).toMatchObject({ name: 'pdf' })
  })

  it('what was to be put back, a link takes nothing from where it leads', async () => {
    await install()
    const { skills } = JSON.parse(readFileSync(join(to, 'spillway-lock.json'), 'utf8'))
    rmSync(join(to, 'pdf'), { recursive: true })
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(join(elsewhere, 'old'), { recursive: true })
    const staging = `staging-${'0'.repeat(36)}`
    symlinkSync(elsewhere, join(to, '.spillway', staging))
    const placing = { name: 'pdf', staging, locked: skills.pdf }
    writeFileSync(join(to, '.spillway/placing'), JSON.stringify(placing))
    await expect(installedSkills({ to })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readdirSync(elsewhere)).toEqual(['old'])
    expect(existsSync(join(to, 'pdf'))).toBe(false)
  })
})
