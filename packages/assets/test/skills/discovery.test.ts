import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createManifest, mcpSkill, readSkill, wellKnownIndex } from '../../src/index.js'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const text = (name: string, more = '') => `---\nname: ${name}\ndescription: Does it.\n${more}---\n`
const read = (name: string, more = '') => readSkill(Buffer.from(text(name, more)))
const digest = `sha256:${hash('x')}`
const manifestOf = (...paths: string[]) =>
  createManifest(paths.map(path => ({ path, size: path.length, sha256: hash(path) })))

describe('the well-known index', () => {
  it('is that of version 0.2.0', () => {
    const artifact = {
      skill: read('pdf').skill,
      type: 'skill-md' as const,
      url: 'pdf/SKILL.md',
      digest,
    }
    expect(wellKnownIndex([artifact])).toEqual({
      $schema: 'https://schemas.agentskills.io/discovery/0.2.0/schema.json',
      skills: [
        { name: 'pdf', type: 'skill-md', description: 'Does it.', url: 'pdf/SKILL.md', digest },
      ],
    })
  })

  it.each([
    ['a name that is none', [{ skill: read('PDF').skill, digest }]],
    ['no description', [{ skill: { name: 'pdf', description: '' }, digest }]],
    ['a long description', [{ skill: { name: 'pdf', description: 'x'.repeat(1025) }, digest }]],
    ['a digest without its name', [{ skill: read('pdf').skill, digest: hash('x') }]],
    [
      'a skill twice',
      [
        { skill: read('pdf').skill, digest },
        { skill: read('pdf').skill, digest },
      ],
    ],
  ])('refuses %s', (_, artifacts) => {
    expect(() =>
      wellKnownIndex(artifacts.map(one => ({ ...one, type: 'archive', url: 'x.zip' }))),
    ).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('the entry of skills/list', () => {
  it('has the front matter as it stands, and every file with digest and size', async () => {
    const { skill } = read('pdf', 'x: 1\n')
    const manifest = await manifestOf('SKILL.md', 'a b/é#?.txt')
    expect(mcpSkill(skill, { parent: 'lake/agents', manifest })).toEqual({
      uri: 'skill://lake/agents/pdf/SKILL.md',
      frontmatter: { name: 'pdf', description: 'Does it.', x: 1 },
      resources: [
        {
          uri: 'skill://lake/agents/pdf/SKILL.md',
          digest: `sha256:${hash('SKILL.md')}`,
          size: 8,
        },
        {
          uri: 'skill://lake/agents/pdf/a%20b/%C3%A9%23%3F.txt',
          digest: `sha256:${hash('a b/é#?.txt')}`,
          size: 11,
        },
      ],
    })
  })

  it('is refused without SKILL.md, without a name as a text, below a parent that climbs', async () => {
    const whole = await manifestOf('SKILL.md')
    const { skill } = read('pdf')
    const lower = await manifestOf('skill.md')
    expect(() => mcpSkill(skill, { manifest: lower })).toThrow(/expected SKILL.md/)
    const { skill: number } = read('123')
    expect(() => mcpSkill(number, { manifest: whole })).toThrow(/as texts/)
    expect(() => mcpSkill(skill, { parent: '..', manifest: whole })).toThrow(/segment/)
  })
})
