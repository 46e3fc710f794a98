import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import { installedSkills, installSkill } from '../../src/node.js'
import { SkillServer } from '../support/skill-server.js'

const script = fileURLToPath(new URL('../support/skill-process.mjs', import.meta.url))
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/node.js', import.meta.url)))

let server: SkillServer
let to: string
beforeEach(async () => {
  to = mkdtempSync(join(tmpdir(), 'spillway-killed-skill-'))
  server = await new SkillServer({ pdf: skill('old') }).start()
})
afterEach(async () => {
  await server.close()
  rmSync(to, { recursive: true, force: true })
})

function skill(text: string): Readonly<Record<string, string>> {
  return {
    'SKILL.md': `---\nname: pdf\ndescription: ${text}\n---\n`,
    'a/b.md': text,
    [`${text}.md`]: text,
  }
}

/** Installs in a process that is killed before a change of the disk; what it said where it was not. */
async function killedBefore(change: number): Promise<string> {
  const args = [script, server.url, to, String(change)]
  return new Promise(resolve => {
    execFile(process.execPath, args, (error, stdout) =>
      resolve(error?.signal === 'SIGKILL' ? 'killed' : stdout),
    )
  })
}

function onDisk(): Readonly<Record<string, string>> | undefined {
  if (!existsSync(join(to, 'pdf'))) return undefined
  const files = readdirSync(join(to, 'pdf'), { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    files
      .filter(file => file.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name)
        return [path.slice(join(to, 'pdf/').length), readFileSync(path, 'utf8')]
      }),
  )
}

/** Renames and removals from the journal on: journal, old away, new in place, lock, journal gone, old gone. */
const CHANGES = [1, 2, 3, 4, 5, 6]

describe.skipIf(!isBuilt)('an install that is killed while it puts a skill in its place', () => {
  it.each(CHANGES)(
    'before change %s leaves all of the old skill or all of the new',
    async change => {
      const provider = { client: createSharingClient(server.profile), endpoint: server.url }
      await installSkill(provider, 'lake.kb.pdf', { to })
      server.skills.set('pdf', skill('new'))
      expect(await killedBefore(change)).toBe('killed')
      const left = onDisk()
      // Between two renames there is neither; whoever comes next puts the old one back.
      const possible = change === 3 ? [undefined] : [skill(change < 3 ? 'old' : 'new')]
      expect(possible).toContainEqual(left)
      const { skills } = await installedSkills({ to })
      expect(skills).toMatchObject([{ state: 'same' }])
      expect(onDisk()).toEqual(skill(change <= 3 ? 'old' : 'new'))
      const again = await installSkill(provider, 'lake.kb.pdf', { to })
      expect(again.state).toBe(change <= 3 ? 'updated' : 'unchanged')
      expect(onDisk()).toEqual(skill('new'))
      expect(readdirSync(join(to, '.spillway'))).toEqual(['.gitignore'])
    },
  )

  it('the first time leaves nothing, or the skill', async () => {
    expect(await killedBefore(2)).toBe('killed')
    expect(onDisk()).toBeUndefined()
    expect((await installedSkills({ to })).skills).toEqual([])
    expect(await killedBefore(3)).toBe('killed')
    expect(onDisk()).toEqual(skill('old'))
    expect((await installedSkills({ to })).skills).toMatchObject([{ state: 'same' }])
  })
})
