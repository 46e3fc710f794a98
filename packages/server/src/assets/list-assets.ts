import type { AssetCatalog, AssetScope, Page, PageRequest, SharedModel } from '@spillway/core'
import { listResponse } from '../discovery/list-response.js'
import { validatedResponse } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'
import { askedAsset, askedFolder, askedName } from './asked-folder.js'
import { wireModel, wireModelVersion, wireVolume } from './wire-assets.js'

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
      return page && { ...page, items: page.items.filter(({ status }) => status === 'READY') }
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
