import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skillsFolder } from '../../src/skills/skills-place.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spillway-place-'))
  mkdirSync(join(root, 'project'))
  mkdirSync(join(root, 'home/skills'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const placeOf = (options: Parameters<typeof skillsFolder>[0] = {}) =>
  skillsFolder(options, { folder: join(root, 'project'), environment: { HOME: root } } as never)

describe('where skills are installed', () => {
  it('is in the project, of whatever links stand in it', () => {
    expect(placeOf()).toBe(join(root, 'project/.agents/skills'))
    mkdirSync(join(root, 'project/shared/skills'), { recursive: true })
    symlinkSync('shared', join(root, 'project/.agents'))
    expect(placeOf()).toBe(join(root, 'project/.agents/skills'))
  })

  it.each([
    ['.agents', '../home'],
    ['.agents/skills', '../../home/skills'],
    ['.claude/skills', '../../home/skills'],
  ])('is not where %s of a project leads out of it, unless that was named', (link, target) => {
    mkdirSync(join(root, 'project', link, '..'), { recursive: true })
    symlinkSync(target, join(root, 'project', link))
    const options = link.startsWith('.claude') ? { claude: true } : {}
    expect(() => placeOf(options)).toThrow(/is a link out of this folder, to .*home/)
    expect(placeOf({ to: link })).toBe(join(root, 'project', link))
  })
})
