import type { JsonObject } from '@spillway/core'

/** A skill, as its `SKILL.md` says. */
export interface Skill {
  /** In NFKC. A name that `readSkill` lets pass is that of one folder, and no more. */
  readonly name: string
  readonly description: string
  readonly license?: string | undefined
  readonly compatibility?: string | undefined
  /** Tools that the skill asks for, spaces between. Nobody has allowed them. */
  readonly allowedTools?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** All of the front matter as JSON has it, keys that are unknown too. */
  readonly frontMatter: JsonObject
  /** What stands behind the front matter. */
  readonly body: string
}

/** Something that clients put up with and the specification does not. */
export interface SkillWarning {
  /** The key of the front matter, or `file`. */
  readonly field: string
  /** A sentence without its stop. */
  readonly message: string
}

/** What was read, and what clients put up with in it. */
export interface SkillReading {
  readonly skill: Skill
  readonly warnings: readonly SkillWarning[]
}

export const MAX_NAME_CHARACTERS = 64
export const MAX_DESCRIPTION_CHARACTERS = 1024
export const MAX_COMPATIBILITY_CHARACTERS = 500

/** The keys that the specification knows. */
export const SKILL_KEYS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'license',
  'compatibility',
  'metadata',
  'allowed-tools',
])

/** Characters as the specification counts them, which are code points. */
export function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
