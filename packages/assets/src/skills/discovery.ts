import { isJsonObject, type JsonObject, type JsonValue, TableError } from '@spillway/core'
import type { Manifest } from '../manifest/manifest.js'
import { quotedName } from '../paths/path-fault.js'
import { requireSafePath } from '../paths/safe-path.js'
import { characters, MAX_DESCRIPTION_CHARACTERS, type Skill } from './skill.js'
import { isStrictName } from './strict-skill.js'

/** The version of the index that `wellKnownIndex` makes, as clients know it. */
export const WELL_KNOWN_SCHEMA = 'https://schemas.agentskills.io/discovery/0.2.0/schema.json'

/** A skill as one artifact that is fetched whole. */
export interface SkillArtifact {
  /** As its `SKILL.md` says. */
  readonly skill: Pick<Skill, 'name' | 'description'>
  /** `skill-md` of a skill that is a `SKILL.md` alone; else an archive with `SKILL.md` at its root. */
  readonly type: 'skill-md' | 'archive'
  /** Absolute, or relative to the index. */
  readonly url: string
  /** `sha256:` and 64 hexadecimal digits, of the bytes at `url`. */
  readonly digest: string
}

export interface WellKnownIndex {
  readonly $schema: string
  readonly skills: readonly {
    readonly name: string
    readonly type: 'skill-md' | 'archive'
    readonly description: string
    readonly url: string
    readonly digest: string
  }[]
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

/**
 * The document at `/.well-known/agent-skills/index.json`, version 0.2.0. Throws `INVALID_REQUEST` for a name or a
 * description that the exact rules do not allow, a skill that is there twice, and a digest that is none.
 */
export function wellKnownIndex(artifacts: readonly SkillArtifact[]): WellKnownIndex {
  const names = new Set<string>()
  const skills = artifacts.map(({ skill, type, url, digest }) => {
    const { name, description } = skill
    requireIndexable(skill)
    if (names.has(name)) throw refused(`the skill ${quotedName(name)} is there twice`)
    if (!DIGEST.test(digest)) {
      throw refused(`expected sha256: and 64 digits for ${name}, found ${quotedName(digest)}`)
    }
    names.add(name)
    return { name, type, description, url, digest }
  })
  return { $schema: WELL_KNOWN_SCHEMA, skills }
}

function requireIndexable({ name, description }: SkillArtifact['skill']): void {
  if (!isStrictName(name)) throw refused(`${quotedName(name)} is no name of a skill`)
  const length = characters(description)
  if (length >= 1 && length <= MAX_DESCRIPTION_CHARACTERS) return
  throw refused(
    `expected a description of 1 to ${MAX_DESCRIPTION_CHARACTERS} characters for ${name}, found ${length}`,
  )
}

/** An entry of what `skills/list` of the MCP extension `io.modelcontextprotocol/skills` (SEP-2640) answers. */
export interface McpSkill {
  /** Of its `SKILL.md`. */
  readonly uri: string
  /** As the file has it, keys that are unknown too. */
  readonly frontmatter: JsonObject
  /** Every file, each once; `digest` is `sha256:` and 64 hexadecimal digits, `size` bytes. */
  readonly resources: readonly {
    readonly uri: string
    readonly digest: string
    readonly size: number
  }[]
}

export interface McpSkillOptions {
  /** The folders above the skill's own, `/` between: `lake/agents`. The name of the skill comes behind. */
  readonly parent?: string | undefined
  /** All files of the skill's folder. */
  readonly manifest: Pick<Manifest, 'entries'>
}

/**
 * The entry of `skill`, whose name ends the path of its URI. Hosts refuse a skill whose front matter has no name or
 * description as a text, one whose metadata are other than texts, and one that is not found below its name: so does this, as it does
 * one without a `SKILL.md`, with `INVALID_REQUEST`.
 */
export function mcpSkill(
  skill: Pick<Skill, 'name' | 'frontMatter'>,
  { parent, manifest }: McpSkillOptions,
): McpSkill {
  const { name, frontMatter } = skill
  if (frontMatter.name !== name || typeof frontMatter.description !== 'string') {
    throw refused(`the front matter of ${quotedName(name)} has no name and description as texts`)
  }
  if (!areTexts(frontMatter.metadata)) {
    throw refused(`the metadata of ${quotedName(name)} are not all texts: put numbers into quotes`)
  }
  const path = requireSafePath(parent === undefined ? name : `${parent}/${name}`)
  const base = `skill://${encoded(path)}/`
  const resources = manifest.entries.map(entry => ({
    uri: `${base}${encoded(entry.path)}`,
    digest: `sha256:${entry.sha256}`,
    size: entry.size,
  }))
  const uri = `${base}SKILL.md`
  if (!resources.some(resource => resource.uri === uri)) {
    throw refused(`expected SKILL.md among the files of ${quotedName(name)}, found none`)
  }
  return { uri, frontmatter: frontMatter, resources }
}

function areTexts(metadata: JsonValue | undefined): boolean {
  if (metadata === undefined) return true
  return isJsonObject(metadata) && Object.values(metadata).every(each => typeof each === 'string')
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
