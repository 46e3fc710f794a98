import type { Resource } from '@modelcontextprotocol/server'
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { Skill, SkillReadResult, SkillSource } from '@modelcontextprotocol/server/ext/skills'
import { mcpSkill } from '@spillway/assets'
import { isTableError, type ServedSkill, type ServedSkills } from '@spillway/core'
import { resourceType } from './media-type.js'
import { folderUri, parseSkillUri } from './skill-uri.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Skills as the SDK's extension asks for them (SEP-2640). */
export function skillSource(skills: ServedSkills): SkillSource {
  const find = async (uri: string) => {
    const parsed = parseSkillUri(uri)
    const skill = parsed && (await skills.get(parsed.name))
    return skill && { ...parsed, skill }
  }
  return {
    list: ({ cursor }) =>
      told(async () => {
        const page = await skills.list(cursor)
        const entries = page.skills.flatMap(each => entryOf(each) ?? [])
        return { skills: entries, ...(page.next !== undefined && { nextCursor: page.next }) }
      }),
    get: uri =>
      told(async () => {
        const found = await find(uri)
        const entry = found?.path === 'SKILL.md' ? entryOf(found.skill) : undefined
        // Names are found in any case, and a skill has one URI.
        return entry?.uri === new URL(uri).href ? entry : undefined
      }),
    read: uri =>
      told(async () => {
        const parsed = parseSkillUri(uri)
        if (parsed === undefined || parsed.path === '') return undefined
        const bytes = await skills.read(parsed.name, parsed.path)
        return bytes && contentOf(bytes, parsed.path)
      }),
    readDirectory: uri =>
      told(async () => {
        const found = await find(uri)
        return found && childrenOf(found.skill, found.path)
      }),
  }
}

/** A page of what `resources/list` answers: the `SKILL.md` of each skill, which leads to the rest. */
export async function skillResources(
  skills: ServedSkills,
  cursor: string | undefined,
): Promise<{ readonly resources: Resource[]; readonly nextCursor?: string }> {
  return told(async () => {
    const page = await skills.list(cursor)
    const resources = page.skills.flatMap(({ frontMatter, files, ...name }) => {
      const main = files.find(({ path }) => path === 'SKILL.md')
      if (main === undefined) return []
      const { description } = frontMatter
      return {
        uri: folderUri(name, 'SKILL.md'),
        name: name.name,
        ...(typeof description === 'string' && { description }),
        mimeType: 'text/markdown',
        size: main.size,
      }
    })
    return { resources, ...(page.next !== undefined && { nextCursor: page.next }) }
  })
}

/** Undefined for what hosts would refuse: their whole list would be refused with it. */
function entryOf({ share, schema, name, frontMatter, files }: ServedSkill): Skill | undefined {
  try {
    const parent = `${share}/${schema}`
    const entry = mcpSkill({ name, frontMatter }, { parent, manifest: { entries: files } })
    const { name: own, description } = entry.frontmatter
    if (typeof own !== 'string' || typeof description !== 'string') return undefined
    const frontmatter = { ...entry.frontmatter, name: own, description }
    return { uri: entry.uri, frontmatter, resources: [...entry.resources] }
  } catch (error) {
    if (isTableError(error)) return undefined
    throw error
  }
}

function contentOf(bytes: Uint8Array, path: string): SkillReadResult {
  const mimeType = resourceType(path)
  try {
    return { text: utf8.decode(bytes), mimeType }
  } catch {
    return { bytes, mimeType }
  }
}

/** What lies right below a folder; undefined where there is no such folder. */
function childrenOf(skill: ServedSkill, path: string): { resources: Resource[] } | undefined {
  const prefix = path === '' ? '' : `${path}/`
  const children = new Map<string, Resource>()
  for (const file of skill.files) {
    if (!file.path.startsWith(prefix)) continue
    const [name = '', ...more] = file.path.slice(prefix.length).split('/')
    if (children.has(name)) continue
    const uri = folderUri(skill, prefix + name)
    const isFile = more.length === 0
    children.set(
      name,
      isFile
        ? { uri, name, mimeType: resourceType(name), size: file.size }
        : { uri, name, mimeType: 'inode/directory' },
    )
  }
  return children.size === 0 ? undefined : { resources: [...children.values()] }
}

/** Faults in the words that may be told; what asking otherwise would mend is the caller's (-32602). */
async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isTableError(error)) throw error
    const isCallers = ['INVALID_REQUEST', 'NOT_FOUND', 'UNSUPPORTED_FEATURE', 'TABLE_CORRUPT']
    const code = isCallers.includes(error.code)
      ? ProtocolErrorCode.InvalidParams
      : ProtocolErrorCode.InternalError
    throw new ProtocolError(code, error.message)
  }
}
