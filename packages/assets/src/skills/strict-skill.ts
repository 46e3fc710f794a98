import { isJsonObject, type JsonObject, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import {
  characters,
  MAX_COMPATIBILITY_CHARACTERS,
  MAX_DESCRIPTION_CHARACTERS,
  MAX_NAME_CHARACTERS,
  SKILL_KEYS,
  type SkillReading,
  type SkillWarning,
} from './skill.js'

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/**
 * What the exact rules of agentskills.io do not allow in a skill that lies in `folder`: of a skill without any, the reference
 * validator has none either.
 */
export function strictSkillFaults(
  { skill, warnings }: SkillReading,
  folder: string,
): readonly SkillWarning[] {
  const faults = warnings.filter(({ field }) => field === 'file')
  const expectThat = (field: string, isRight: boolean, message: string) => {
    if (!isRight) faults.push({ field, message })
  }
  const { name, description, compatibility, frontMatter } = skill
  const stated = String(frontMatter.name ?? '').trim()
  expectThat('name', stated === name, `${quotedName(stated)} stands there`)
  expectThat(
    'name',
    NAME.test(name),
    'it has other characters than a to z, 0 to 9 and single hyphens',
  )
  expectThat('name', characters(name) <= MAX_NAME_CHARACTERS, 'it has more than 64 characters')
  expectThat('name', name === folder, `its folder is ${quotedName(folder)}`)
  expectThat(
    'description',
    characters(description) <= MAX_DESCRIPTION_CHARACTERS,
    'it has more than 1024 characters',
  )
  const length = compatibility === undefined ? 1 : characters(compatibility)
  const isFitting = length >= 1 && length <= MAX_COMPATIBILITY_CHARACTERS
  expectThat('compatibility', isFitting, 'it has not 1 to 500 characters')
  for (const field of ['license', 'compatibility', 'allowed-tools']) {
    expectThat(field, !isNested(frontMatter, field), 'it is no text')
  }
  expectThat('metadata', isTextMapping(frontMatter), 'it is no mapping of texts')
  for (const key of Object.keys(frontMatter)) {
    expectThat(key, SKILL_KEYS.has(key), `${quotedName(key)} is no key of the specification`)
  }
  return faults
}

/** Whether a name is what agentskills.io allows. */
export function isStrictName(name: string): boolean {
  return NAME.test(name) && name.length <= MAX_NAME_CHARACTERS
}

/** Throws `INVALID_REQUEST` with all that `strictSkillFaults` finds. */
export function requireStrictSkill(reading: SkillReading, folder: string): void {
  const faults = strictSkillFaults(reading, folder)
  if (faults.length === 0) return
  const list = faults.map(({ field, message }) => `${field}: ${message}`).join('; ')
  throw new TableError(
    'INVALID_REQUEST',
    `the skill ${quotedName(reading.skill.name)} is not as agentskills.io has it: ${list}`,
  )
}

function isNested(frontMatter: JsonObject, field: string): boolean {
  const value = frontMatter[field]
  return typeof value === 'object' && value !== null
}

/** Numbers and booleans count as the texts that stand there, as they do for the reference. */
function isTextMapping({ metadata }: JsonObject): boolean {
  if (metadata === undefined || metadata === null) return true
  return isJsonObject(metadata) && Object.keys(metadata).every(key => !isNested(metadata, key))
}
