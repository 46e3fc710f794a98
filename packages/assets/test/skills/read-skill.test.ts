import { describe, expect, it } from 'vitest'
import { findSkillFile, readSkill, requireStrictSkill } from '../../src/index.js'

const bytes = (frontMatter: string, body = 'Body\n') =>
  Buffer.from(`---\n${frontMatter}\n---\n${body}`)
const OK = 'name: pdf\ndescription: Fills forms.'
const failure = (text: Uint8Array) => {
  try {
    readSkill(text, { path: 'skills/pdf/SKILL.md', folder: 'pdf' })
  } catch (error) {
    return error
  }
  return undefined
}

describe('a skill', () => {
  it('is read whole: its keys, its front matter as JSON has it, its body', () => {
    const front = `${OK}\nlicense: MIT\nmetadata:\n  version: 1.0\n  build: 12345678901234567890\nextra: [1, true, .nan]`
    const { skill, warnings } = readSkill(bytes(front, 'a\n---\nb\n'), { folder: 'pdf' })
    expect(skill).toEqual({
      name: 'pdf',
      description: 'Fills forms.',
      license: 'MIT',
      compatibility: undefined,
      allowedTools: undefined,
      metadata: { version: '1.0', build: '12345678901234567890' },
      frontMatter: {
        name: 'pdf',
        description: 'Fills forms.',
        license: 'MIT',
        metadata: { version: 1, build: '12345678901234567890' },
        extra: [1, true, '.nan'],
      },
      body: 'a\n---\nb\n',
    })
    expect(warnings.map(({ field }) => field)).toEqual(['file', 'extra'])
  })

  it('is read with CRLF, and its body keeps them', () => {
    const text = Buffer.from(bytes(`${OK}\nmetadata:\n  a: b`).toString().replaceAll('\n', '\r\n'))
    const { skill } = readSkill(text)
    expect([skill.description, skill.metadata, skill.body]).toEqual([
      'Fills forms.',
      { a: 'b' },
      'Body\r\n',
    ])
  })

  it.each([
    ['Use when: the user asks', 'Use when: the user asks'],
    ['Say "x": then\n  go on: there', 'Say "x": then go on: there'],
    ['back\\slash: x # not a comment', 'back\\slash: x # not a comment'],
  ])('has values with colons and no quotes: %j', (value, description) => {
    const front = `name: pdf\ndescription: ${value}\nmetadata:\n  a: b`
    const { skill, warnings } = readSkill(bytes(front), { folder: 'pdf' })
    expect(skill.description).toBe(description)
    expect(skill.metadata).toEqual({ a: 'b' })
    expect(warnings.map(({ field }) => field)).toEqual(['file'])
  })

  it('tells the first error where quotes do not help', () => {
    const error = failure(bytes('name: pdf\ndescription: a: b\nmetadata: [unclosed'))
    expect(error).toMatchObject({ code: 'TABLE_CORRUPT', context: { line: 3 } })
  })

  it.each([
    ['a\u202eb', true],
    ['a\u{e0041}b', true],
    ['"a\\x1b[31mb"', true],
    ['"a\\tb"', false],
    ['👨\u200d👩', false],
  ])('is warned of where its description hides something: %j', (description, isHidden) => {
    const { warnings } = readSkill(bytes(`name: pdf\ndescription: ${description}`))
    expect(warnings.length > 0).toBe(isHidden)
  })

  it.each(['../x', '/etc', 'a/b', '..', 'a\\b', 'nul', 'C:', '"a\\0"', '"%2e%2e"'])(
    'is refused whose name is no name of a folder: %s',
    name => {
      expect(failure(bytes(`name: ${name}\ndescription: x`))).toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining('the name of a skill in skills/pdf/SKILL.md'),
      })
    },
  )

  it('takes the name of its folder where it has none, unless that is none either', () => {
    expect(readSkill(bytes('description: x'), { folder: 'pdf' }).skill.name).toBe('pdf')
    expect(() => readSkill(bytes('description: x'))).toThrow(/name of a skill/)
    expect(() => readSkill(bytes('description: x'), { folder: '..' })).toThrow(/segment/)
  })

  it('has no prototype to change', () => {
    const { skill } = readSkill(bytes(`${OK}\n__proto__:\n  polluted: yes\nconstructor: x`))
    expect(Object.keys(skill.frontMatter)).toContain('__proto__')
    expect('polluted' in skill.frontMatter).toBe(false)
    expect({}).not.toHaveProperty('polluted')
  })

  it.each([
    ['an alias', 'name: &a pdf\ndescription: *a', 2],
    ['an anchor', `${OK}\nmetadata: &m\n  a: b`, 4],
    ['a tag', 'name: pdf\ndescription: !!python/object/apply:os.system x', 3],
    ['a tag on the whole', `!!map\n${OK}`, 2],
    ['a key twice', `${OK}\nname: pdf`, 4],
    ['a key twice below', `${OK}\nmetadata:\n  a: b\n  a: c`, 6],
    ['a mapping as a key', `${OK}\n? [a]\n: b`, 4],
    ['a second document', `${OK}\n...\na: b`, 5],
    ['a directive of YAML 3', `%FOO bar\n${OK}`, 3],
  ])('is refused with the line where its front matter has %s', (_, front, line) => {
    expect(failure(bytes(front))).toMatchObject({
      code: 'TABLE_CORRUPT',
      context: { path: 'skills/pdf/SKILL.md', line },
    })
  })

  it.each([
    ['flow lists', `a: ${'['.repeat(30_000)}`],
    ['closed flow lists', `a: ${'['.repeat(15_000)}${']'.repeat(15_000)}`],
    ['flow mappings', `a: ${'{a: '.repeat(15_000)}`],
    ['lists in one line', `a:\n  ${'- '.repeat(30_000)}x`],
    ['keys in one line', `${'? '.repeat(30_000)}x`],
    ['mappings in one line', `a: ${'b: '.repeat(20_000)}`],
    ['indentation', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('is refused, and ends no process, with deep %s', (_, front) => {
    expect(failure(bytes(front))).toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(/more than \d+ (levels|values)/),
    })
  })

  it.each([
    ['of a megabyte', `${OK}\nmetadata:\n  a: ${'x'.repeat(1 << 20)}`, 'TABLE_CORRUPT'],
    ['without an end', `${OK}\n${'a: b\n'.repeat(1)}${'#\n'.repeat(40_000)}`, 'TABLE_CORRUPT'],
    [
      'of many keys',
      `${OK}\n${Array.from({ length: 5000 }, (_, i) => `k${i}: v`).join('\n')}`,
      'UNSUPPORTED_FEATURE',
    ],
    ['of many anchors', `${'&a '.repeat(20_000)}x`, 'TABLE_CORRUPT'],
  ])('is refused with front matter %s', (_, front, code) => {
    expect(failure(bytes(front))).toMatchObject({ code })
  })

  it('is refused where it is no UTF-8, or far too long', () => {
    expect(failure(Buffer.concat([bytes(OK), Buffer.from([0xff])]))).toMatchObject({
      code: 'TABLE_CORRUPT',
    })
    expect(failure(bytes(OK, 'x'.repeat(5 << 20)))).toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  })

  it('is found by either name, SKILL.md first', () => {
    expect(findSkillFile(['a', 'skill.md'])).toBe('skill.md')
    expect(findSkillFile(['skill.md', 'SKILL.md'])).toBe('SKILL.md')
    expect(findSkillFile(['a/SKILL.md', 'Skill.md'])).toBeUndefined()
  })

  it('is not shared where the exact rules do not allow it, with all that is wrong', () => {
    const reading = readSkill(bytes('name: PDF\ndescription: x\nversion: 1'), { folder: 'PDF' })
    expect(() => requireStrictSkill(reading, 'PDF')).toThrow(
      'the skill "PDF" is not as agentskills.io has it: name: it has other characters than a to z, ' +
        '0 to 9 and single hyphens; version: "version" is no key of the specification',
    )
  })
})
