import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSharingClient } from '@spillway/client'
import { installedSkills, installSkill } from '@spillway/client/node'
import { parseConfig, type RunningServer, startServer } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** With skills-ref, the reference implementation of agentskills.io. */
const python = process.env.SPILLWAY_PYTHON ?? 'python3'
const script = fileURLToPath(new URL('skills_reference.py', import.meta.url))

function hasReference(): boolean {
  try {
    execFileSync(python, ['-c', 'import skills_ref'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface Said {
  readonly errors: readonly string[]
  readonly properties?: Readonly<Record<string, unknown>>
}

function reference(folders: readonly string[]): Readonly<Record<string, Said>> {
  return JSON.parse(execFileSync(python, [script, ...folders], { encoding: 'utf8' }))
}

const described = 'description: Fills forms. Use when asked.'
const GOOD: Readonly<Record<string, string>> = {
  least: described,
  'a-b-3': `${described}\nlicense: Apache-2.0\ncompatibility: Python 3.11`,
  tools: `${described}\nallowed-tools: Bash(git add:*) Read`,
  noted: `${described}\nmetadata:\n  author: acme\n  version: "1.0"`,
  folded: 'description: >\n  Fills forms\n  of all kinds.',
  quoted: 'description: "Use when: asked, or \\"not\\"."',
  long: `description: ${'é'.repeat(1024)}`,
  ['n'.repeat(64)]: described,
}
const BAD: Readonly<Record<string, string>> = {
  'no-description': 'license: MIT',
  'empty-description': 'description: ""',
  'too-long': `description: ${'x'.repeat(1025)}`,
  'another-name': `name: other\n${described}`,
  'no-name': `title: other\n${described}`,
  'needs-too-much': `${described}\ncompatibility: ${'x'.repeat(501)}`,
  'an-anchor': 'description: &a Fills forms.\nlicense: *a',
}

describe.skipIf(!hasReference())('skills (needs SPILLWAY_PYTHON with skills-ref)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-skills-ref-'))
  const to = join(folder, 'installed')
  const token = 'a-token-of-some-length'
  const names = [...Object.keys(GOOD), ...Object.keys(BAD)]
  let server: RunningServer
  const clientOf = () =>
    createSharingClient({
      shareCredentialsVersion: 1,
      endpoint: server.endpoint,
      bearerToken: token,
    })

  beforeAll(async () => {
    for (const [name, lines] of Object.entries({ ...GOOD, ...BAD })) {
      mkdirSync(join(folder, name, 'references'), { recursive: true })
      const named = /^(name|title):/.test(lines) ? lines : `name: ${name}\n${lines}`
      writeFileSync(join(folder, name, 'SKILL.md'), `---\n${named}\n---\nBody\n`)
      writeFileSync(join(folder, name, 'references/forms.md'), '# Forms')
    }
    const sha256 = createHash('sha256').update(token).digest('hex')
    const skills = names.map(name => ({ name, location: join(folder, name) }))
    const config = {
      server: { port: 0 },
      shares: [{ name: 'lake', schemas: [{ name: 'kb', skills }] }],
      recipients: [{ name: 'me', shares: ['lake'], tokens: [{ sha256 }] }],
    }
    server = await startServer(
      parseConfig(JSON.stringify(config), { folder, path: 'spillway.yaml' }),
    )
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are listed where the reference takes them, and only there', async () => {
    const said = reference(names.map(name => join(folder, name)))
    const taken = names.filter(name => said[name]!.errors.length === 0)
    expect(taken.sort()).toEqual(Object.keys(GOOD).sort())
    const listed: string[] = []
    for await (const { name } of clientOf().skills('lake')) listed.push(name)
    expect(listed.sort()).toEqual(taken)
  })

  it('say on the wire what the reference reads of them', async () => {
    const said = reference(Object.keys(GOOD).map(name => join(folder, name)))
    for await (const skill of clientOf().skills('lake')) {
      const { name, description, license, compatibility, allowedTools, metadata } = skill
      const told = { name, description, license, compatibility, metadata }
      const properties = { ...told, 'allowed-tools': allowedTools }
      const stated = Object.entries(properties).filter(([, value]) => value !== undefined)
      expect(Object.fromEntries(stated)).toEqual(said[name]!.properties)
    }
  })

  it('are installed as the reference takes them, without a warning', async () => {
    const provider = { client: clientOf(), endpoint: server.endpoint }
    for (const name of Object.keys(GOOD)) {
      const { warnings } = await installSkill(provider, `lake.kb.${name}`, { to })
      expect([name, warnings]).toEqual([name, []])
    }
    const { skills } = await installedSkills({ to })
    const said = reference(skills.map(({ path }) => path))
    expect(Object.keys(said).sort()).toEqual(Object.keys(GOOD).sort())
    for (const { name, skill } of skills) {
      expect([name, said[name]!.errors]).toEqual([name, []])
      expect(said[name]!.properties!.description).toBe(skill!.description)
    }
  })
})
