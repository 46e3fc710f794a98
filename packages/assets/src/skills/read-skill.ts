import {
  corrupt,
  isJsonObject,
  isTableError,
  type JsonObject,
  type JsonValue,
} from '@spillway/core'
import { readYaml, type YamlLimits, type YamlReading } from '../documents/bounded-yaml.js'
import { quotedName } from '../paths/path-fault.js'
import { segmentFault } from '../paths/safe-path.js'
import { quoteColons } from './quote-colons.js'
import {
  characters,
  MAX_COMPATIBILITY_CHARACTERS,
  MAX_DESCRIPTION_CHARACTERS,
  MAX_NAME_CHARACTERS,
  SKILL_KEYS,
  type Skill,
  type SkillReading,
  type SkillWarning,
} from './skill.js'
import { MAX_FRONT_MATTER_BYTES, splitSkillFile } from './skill-file.js'

export interface ReadSkillOptions {
  /** The name of the folder that the file lies in, which should be the skill's. */
  readonly folder?: string | undefined
  /** Where the file lies, for errors. */
  readonly path?: string | undefined
}

const LIMITS: YamlLimits = {
  bytes: MAX_FRONT_MATTER_BYTES,
  depth: 16,
  values: 2000,
  aliases: false,
}

/** What is not seen and may still be read: controls but for ends of lines and tabs, turns of direction, tags. */
const HIDDEN = /(?![\n\r\t])[\p{Cc}\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u

/**
 * The skill of the bytes of a `SKILL.md`, as leniently as clients read them: what the specification does not allow and
 * clients put up with is a warning. Throws `TABLE_CORRUPT`, with the line where it is known, where there is no front
 * matter, it is no YAML (anchors, aliases and tags are none here, a key that is there twice neither), there is no
 * description, or the name cannot be that of a folder; `UNSUPPORTED_FEATURE` where it is too long or too deep.
 */
export function readSkill(bytes: Uint8Array, options: ReadSkillOptions = {}): SkillReading {
  const { path, folder } = options
  const file = splitSkillFile(bytes, path)
  const warnings = new Warnings()
  if (file.hasByteOrderMark)
    warnings.add('file', 'a byte order mark stands before the front matter')
  const { typed, texts, hasBrackets } = readFrontMatter(file.frontMatter, path, warnings)
  if (hasBrackets) warnings.add('file', 'a list or mapping stands in brackets')
  if (!isJsonObject(typed) || !isJsonObject(texts)) {
    throw corrupt('front matter', 'it is no mapping of keys to values', { path, line: 2 })
  }
  for (const key of Object.keys(typed)) {
    if (!SKILL_KEYS.has(key)) warnings.add(key, `${quotedName(key)} is no key of the specification`)
  }
  // A value that is null is none, however it is spelled.
  const stated = Object.fromEntries(Object.entries(texts).filter(([key]) => typed[key] !== null))
  const skill: Skill = {
    name: nameOf(stated, { folder, path }, warnings),
    description: descriptionOf(stated, path, warnings),
    license: textOf(stated, 'license', warnings),
    compatibility: compatibilityOf(stated, warnings),
    allowedTools: allowedToolsOf(stated, warnings),
    metadata: metadataOf(stated, warnings),
    frontMatter: typed,
    body: file.body,
  }
  return { skill, warnings: warnings.list }
}

class Warnings {
  readonly list: SkillWarning[] = []

  add(field: string, message: string): void {
    this.list.push({ field, message })
  }
}

/** Once more with quotes where it is no YAML; then the first error is told. */
function readFrontMatter(text: string, path: string | undefined, warnings: Warnings): YamlReading {
  const place = { what: 'the front matter of a skill', path, linesBefore: 1 }
  try {
    return readYaml(text, LIMITS, place)
  } catch (error) {
    const quoted =
      isTableError(error) && error.code === 'TABLE_CORRUPT' ? quoteColons(text) : undefined
    if (quoted === undefined) throw error
    try {
      const reading = readYaml(quoted, LIMITS, place)
      warnings.add('file', 'a value that holds ":" stands without quotes')
      return reading
    } catch {
      throw error
    }
  }
}

function nameOf(
  stated: JsonObject,
  { folder, path }: ReadSkillOptions,
  warnings: Warnings,
): string {
  const text = textOf(stated, 'name', warnings)?.trim() ?? ''
  if (text === '' && folder === undefined) {
    throw corrupt('the name of a skill', 'its front matter has none', { path })
  }
  if (text === '') warnings.add('name', 'there is none: that of the folder is taken')
  const name = (text === '' ? folder! : text).normalize('NFKC')
  if (text !== '' && text !== name) warnings.add('name', 'it is not in normalization form NFKC')
  const fault = segmentFault(name)
  if (fault !== undefined) {
    throw corrupt('the name of a skill', `${quotedName(name)} ${fault.reason}`, { path })
  }
  if (characters(name) > MAX_NAME_CHARACTERS) {
    warnings.add('name', `it has more than ${MAX_NAME_CHARACTERS} characters`)
  }
  if (name !== name.toLowerCase()) warnings.add('name', 'it is not in lower case')
  if (!/^[\p{L}\p{N}-]*$/u.test(name)) {
    warnings.add('name', 'it has other characters than letters, digits and hyphens')
  }
  if (/^-|-$|--/.test(name))
    warnings.add('name', 'a hyphen stands at an end of it, or two in a row')
  if (folder !== undefined && folder.normalize('NFKC') !== name) {
    warnings.add('name', `its folder is ${quotedName(folder)}`)
  }
  return name
}

function descriptionOf(stated: JsonObject, path: string | undefined, warnings: Warnings): string {
  const text = textOf(stated, 'description', warnings)?.trim() ?? ''
  if (text === '') {
    throw corrupt('the description of a skill', 'its front matter has none', { path })
  }
  if (characters(text) > MAX_DESCRIPTION_CHARACTERS) {
    warnings.add('description', `it has more than ${MAX_DESCRIPTION_CHARACTERS} characters`)
  }
  if (HIDDEN.test(text)) warnings.add('description', 'it has characters that nobody sees')
  return text
}

function compatibilityOf(stated: JsonObject, warnings: Warnings): string | undefined {
  const text = textOf(stated, 'compatibility', warnings)
  if (text !== undefined && characters(text) > MAX_COMPATIBILITY_CHARACTERS) {
    warnings.add('compatibility', `it has more than ${MAX_COMPATIBILITY_CHARACTERS} characters`)
  }
  return text
}

/** The specification has one text; lists are what other clients write. */
function allowedToolsOf(stated: JsonObject, warnings: Warnings): string | undefined {
  const value = stated['allowed-tools']
  if (!Array.isArray(value)) return textOf(stated, 'allowed-tools', warnings)
  warnings.add('allowed-tools', 'it is a list, not one text with spaces')
  return value.filter(item => typeof item === 'string').join(' ')
}

function metadataOf(
  stated: JsonObject,
  warnings: Warnings,
): Readonly<Record<string, string>> | undefined {
  const value = stated.metadata
  if (value === undefined) return undefined
  if (!isJsonObject(value)) {
    warnings.add('metadata', 'it is no mapping of texts, and left out')
    return undefined
  }
  const texts: [string, string][] = []
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'string') texts.push([key, member])
    else warnings.add('metadata', `${quotedName(key)} is no text, and left out`)
  }
  return Object.fromEntries(texts)
}

function textOf(stated: JsonObject, key: string, warnings: Warnings): string | undefined {
  const value: JsonValue | undefined = stated[key]
  if (value === undefined || typeof value === 'string') return value
  warnings.add(key, 'it is no text, and left out')
  return undefined
}
