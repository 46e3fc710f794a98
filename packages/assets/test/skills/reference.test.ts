import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { readSkill, strictSkillFaults } from '../../src/index.js'

interface Case {
  readonly folder: string
  readonly text: string
}
interface Verdict {
  readonly errors: readonly string[]
  readonly properties: Readonly<Record<string, unknown>> | null
}

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/assets/skills/', import.meta.url))
const cases: Record<string, Case> = JSON.parse(readFileSync(`${fixtures}cases.json`, 'utf8'))
// Written by the reference validator: test/fixtures/assets/skills/make.py.
const verdicts: Record<string, Verdict> = JSON.parse(
  readFileSync(`${fixtures}verdicts.json`, 'utf8'),
)

/** What the reference takes and we do not, and why. */
const REFUSED_HERE: Readonly<Record<string, string>> = {
  'closed by an indented fence': 'a fence is a line of its own',
  'description null': 'null is no description',
  'description tilde': 'null is no description',
}

/** What the reference takes and is none of what we let a provider share as it stands. */
const NOT_STRICT_HERE: Readonly<Record<string, string>> = {
  'name umlaut': 'the text of the specification has a to z',
  'name umlaut decomposed': 'the text of the specification has a to z',
  'name full width': 'the text of the specification has a to z',
  'name Chinese': 'the text of the specification has a to z',
  'name superscript': 'the text of the specification has a to z',
  'compatibility empty': 'the specification wants a character',
  'tools a list': 'the specification wants one text',
  'license a mapping': 'the specification wants a text',
  'metadata a text': 'the specification wants a mapping',
  'metadata nested': 'the specification wants texts',
}

/** What clients put up with, and the reference refuses. */
const READ_HERE = [
  'BOM',
  'metadata flow',
  'name empty',
  'name missing',
  'name null',
  'tools a flow list',
  'unquoted colon',
  'unquoted colon at the end',
  'unquoted colon in metadata',
  'unquoted colon on the second line',
]

function reading({ text, folder }: Case) {
  try {
    const read = readSkill(Buffer.from(text), { folder, path: 'SKILL.md' })
    return { ...read, faults: strictSkillFaults(read, folder) }
  } catch (error) {
    expect(isTableError(error)).toBe(true)
    return undefined
  }
}

describe('beside the reference validator, the skill', () => {
  it.each(Object.keys(cases))('is the same, or another on purpose: %s', name => {
    const [one, verdict] = [cases[name]!, verdicts[name]!]
    const ours = reading(one)
    const isAccepted = verdict.errors.length === 0
    if (ours === undefined) {
      expect(isAccepted).toBe(name in REFUSED_HERE)
      return
    }
    expect(ours.faults.length === 0).toBe(isAccepted && !(name in NOT_STRICT_HERE))
    if (verdict.properties === null) expect(READ_HERE).toContain(name)
    // Whatever is let pass without a word is warned of nowhere.
    if (ours.faults.length === 0) expect(ours.warnings).toEqual([])
  })

  it.each(Object.keys(cases))('says the same where both take it: %s', name => {
    const ours = reading(cases[name]!)
    if (ours === undefined || ours.faults.length > 0) return
    const { skill } = ours
    const properties = {
      name: skill.name,
      description: skill.description,
      license: skill.license,
      compatibility: skill.compatibility,
      'allowed-tools': skill.allowedTools,
      metadata: skill.metadata,
    }
    // The reference takes "---" within a text for the closing fence, and what is before it for the whole.
    if (name === 'dashes in description') expect(properties.description).toBe('a --- b')
    else expect(JSON.parse(JSON.stringify(properties))).toEqual(verdicts[name]!.properties)
  })

  it('has no case that these lists name and the fixtures lack', () => {
    const named = [...Object.keys(REFUSED_HERE), ...Object.keys(NOT_STRICT_HERE), ...READ_HERE]
    expect(named.filter(name => !(name in cases))).toEqual([])
  })
})
