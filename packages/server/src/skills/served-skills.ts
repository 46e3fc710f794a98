import {
  type AssetName,
  isTableError,
  mapConcurrently,
  type ServedSkill,
  type ServedSkills,
  type SharedSkill,
  TableError,
} from '@spillway/core'
import { wireError } from '@spillway/protocol'
import { credentialsOf } from '../access/request-secrets.js'
import { folderOfSkill } from '../access/shared-folder.js'
import { assetFilesOf } from '../assets/asked-folder.js'
import { withoutSecrets } from '../limits/without-secrets.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  READ_AT_ONCE,
  type SkillsPosition,
  skillContents,
  unlessBroken,
  visibleSkill,
  visibleSkills,
} from './visible-skills.js'

/** Skills of one page: each may be read whole for it. */
const PAGE = 20
/** Bytes of one file that go through the server, in the text of an answer. */
const MAX_FILE_BYTES = 4 * 1024 ** 2

/** The skills of whoever asks, and of each fault what may be told; the fault itself is on record. */
export function servedSkills(context: RequestContext): ServedSkills {
  const use = { kind: 'list', binding: [context.recipient.id, 'skills of an agent'] } as const
  const expiresInSeconds = context.limits.pageTokenSeconds
  const told = <Given extends readonly unknown[], Result>(
    work: (...given: Given) => Promise<Result>,
  ) => {
    return async (...given: Given) => {
      try {
        return await work(...given)
      } catch (error) {
        throw toldError(context, error)
      }
    }
  }
  return {
    list: told(async cursor => {
      const from = cursor === undefined ? {} : positionIn(context.tokens.open(use, cursor))
      const { skills, next } = await visibleSkills(context, from, PAGE)
      const read = await mapConcurrently(skills, READ_AT_ONCE, skill =>
        servedSkill(context, skill).catch(unlessBroken),
      )
      return {
        skills: read.filter(each => each !== undefined),
        ...(next && {
          next: context.tokens.seal({ ...use, expiresInSeconds }, [
            next.shares ?? null,
            next.skills ?? null,
          ]),
        }),
      }
    }),
    get: told(async name => {
      const skill = await noted(context, name)
      return skill && servedSkill(context, skill)
    }),
    read: told(async (name, path) => {
      const skill = await noted(context, name)
      if (skill === undefined) return undefined
      const { files } = await skillContents(context, skill)
      const file = files.find(each => each.path === path)
      if (file === undefined) return undefined
      if (file.size > MAX_FILE_BYTES) throw tooLarge(skill, file)
      const options = { maxBytes: MAX_FILE_BYTES, signal: context.signal }
      return assetFilesOf(context).readFile(folderOfSkill(skill), path, options)
    }),
  }
}

function positionIn(opened: unknown): SkillsPosition {
  const [shares, skills] = opened as readonly unknown[]
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { shares: textOf(shares), skills: textOf(skills) }
}

async function noted(context: RequestContext, name: AssetName): Promise<SharedSkill | undefined> {
  const skill = await visibleSkill(context, name)
  if (skill === undefined) return undefined
  const { share, schema } = skill
  Object.assign(context.record, { share, schema, asset: `skill ${skill.name}` })
  return skill
}

async function servedSkill(context: RequestContext, skill: SharedSkill): Promise<ServedSkill> {
  const { facts, files } = await skillContents(context, skill)
  const { share, schema, name } = skill
  return { share, schema, name, frontMatter: facts.frontMatter, files }
}

function tooLarge(
  { share, schema, name }: SharedSkill,
  { path, size }: { readonly path: string; readonly size: number },
): TableError {
  const asset = `${share}.${schema}.${name}`
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${JSON.stringify(path)} has ${size} bytes, and at most ${MAX_FILE_BYTES} are sent here: fetch it with spillway download PROFILE#${asset}, or by a URL of its file-urls`,
    { context: { feature: 'size of a resource' } },
  )
}

/** In the words that this server's other answers have; a request that answers others well has failed all the same. */
function toldError(context: RequestContext, error: unknown): TableError {
  const { record, request, requestId } = context
  const shown = withoutSecrets(error, credentialsOf(request))
  record.error = shown
  record.outcome = 'failed'
  const { body } = wireError(shown, requestId)
  return new TableError(isTableError(shown) ? shown.code : 'INTERNAL', body.message)
}
