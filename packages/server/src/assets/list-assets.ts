import {
  type AssetCatalog,
  type AssetScope,
  type ErrorCode,
  isTableError,
  mapConcurrently,
  type Page,
  type PageRequest,
  type SharedModel,
  type SharedSkill,
  type SkillFacts,
} from '@spillway/core'
import { folderOfSkill, isShared } from '../access/shared-folder.js'
import { listResponse } from '../discovery/list-response.js'
import { validatedResponse } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'
import { askedAsset, askedFolder, askedName, assetFilesOf } from './asked-folder.js'
import { wireModel, wireModelVersion, wireSkill, wireVolume } from './wire-assets.js'

/** GET …/volumes of a schema, …/all-volumes of a share. */
export async function listVolumes(context: RequestContext): Promise<Response> {
  const { recipient, vendors, signal } = context
  return listResponse(
    context,
    assetPages(context, (assets, scope, page) =>
      assets.listVolumes(recipient, scope, page, signal),
    ),
    volume => wireVolume(volume, vendors),
  )
}

export async function getVolume(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, vendors, signal } = context
  const found = await catalog.assets?.volume(recipient, askedName(params), signal)
  return validatedResponse(context.request, wireVolume(askedAsset(context, found), vendors))
}

/** GET …/skills of a schema, …/all-skills of a share. One that says nothing, or something that is not allowed, is left out. */
export async function listSkills(context: RequestContext): Promise<Response> {
  const { recipient, vendors, signal } = context
  const pages = assetPages(context, (assets, scope, page) =>
    assets.listSkills(recipient, scope, page, signal),
  )
  return listResponse(
    context,
    async request => {
      const page = await pages(request)
      if (page === undefined) return undefined
      const read = await mapConcurrently(page.items, READ_AT_ONCE, async skill => {
        const facts = await skillFacts(context, skill).catch(unlessBroken)
        return facts && wireSkill(skill, facts, vendors)
      })
      return { ...page, items: read.filter(each => each !== undefined) }
    },
    wire => wire,
  )
}

export async function getSkill(context: RequestContext): Promise<Response> {
  const { catalog, recipient, params, vendors, signal } = context
  const found = await catalog.assets?.skill(recipient, askedName(params), signal)
  const skill = askedAsset(context, found)
  const facts = await skillFacts(context, skill)
  return validatedResponse(context.request, wireSkill(skill, facts, vendors))
}

/** Files of skills that are read at once, for one page. */
const READ_AT_ONCE = 8

async function skillFacts(context: RequestContext, skill: SharedSkill): Promise<SkillFacts> {
  return assetFilesOf(context).readSkill(folderOfSkill(skill), skill.name, context.signal)
}

/** What the provider has to mend hides no other skill; that storage is not reached hides all of them. */
function unlessBroken(error: unknown): undefined {
  if (isTableError(error) && BROKEN.includes(error.code)) return undefined
  throw error
}

const BROKEN: readonly ErrorCode[] = [
  'NOT_FOUND',
  'TABLE_CORRUPT',
  'UNSUPPORTED_FEATURE',
  'PERMISSION_DENIED',
]

/** GET …/models of a schema, …/all-models of a share. */
export async function listModels(context: RequestContext): Promise<Response> {
  const { recipient, signal } = context
  return listResponse(
    context,
    assetPages(context, (assets, scope, page) => assets.listModels(recipient, scope, page, signal)),
    wireModel,
  )
}

export async function getModel(context: RequestContext): Promise<Response> {
  return validatedResponse(context.request, wireModel(await askedModel(context)))
}

async function askedModel(context: RequestContext): Promise<SharedModel> {
  const { catalog, recipient, params, signal } = context
  const found = await catalog.assets?.model(recipient, askedName(params), signal)
  return askedAsset(context, found)
}

/** Those that are ready. A page may hold fewer than the catalog's. */
export async function listModelVersions(context: RequestContext): Promise<Response> {
  const model = await askedModel(context)
  const { catalog, recipient, params, vendors, signal } = context
  const name = askedName(params)
  return listResponse(
    context,
    async request => {
      const page = await catalog.assets?.listModelVersions(recipient, name, request, signal)
      return page && { ...page, items: page.items.filter(isShared) }
    },
    version => wireModelVersion(model, version, vendors),
  )
}

/** By number, or by alias. */
export async function getModelVersion(context: RequestContext): Promise<Response> {
  const { asset, version } = await askedFolder(context)
  return validatedResponse(context.request, wireModelVersion(asset, version!, context.vendors))
}

/** Pages of what a catalog lists; of one without assets none, where the share and the schema are there. */
function assetPages<Item>(
  { catalog, recipient, params, signal }: RequestContext,
  list: (
    assets: AssetCatalog,
    scope: AssetScope,
    page: PageRequest,
  ) => Promise<Page<Item> | undefined>,
): (page: PageRequest) => Promise<Page<Item> | undefined> {
  const scope = { share: params.share!, schema: params.schema }
  return async page => {
    if (catalog.assets !== undefined) return list(catalog.assets, scope, page)
    const tables = await catalog.listTables(recipient, scope, { maxResults: 1 }, signal)
    return tables && { items: [] }
  }
}
