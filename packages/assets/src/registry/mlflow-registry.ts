import {
  isTableError,
  type ModelRegistry,
  type ModelVersionStatus,
  mapConcurrently,
  type Page,
  type SharedModelVersion,
  TableError,
  tableRoots,
} from '@spillway/core'
import { MlflowApi, type MlflowOptions, unavailable } from './mlflow-api.js'

export interface MlflowRegistryOptions extends MlflowOptions {
  /** Folders that the files of models may lie below. What lies elsewhere is refused: whoever can register a model names any. */
  readonly locations: readonly string[]
  /** Tells recipients of what run, and of what source, a version was made. */
  readonly provenance?: boolean | undefined
  readonly clock?: () => number
}

/** Folders of versions that are asked for at once, for one page. */
const ASKED_AT_ONCE = 8
const PAGE = 1000
const MAX_VERSIONS = 100_000

/** Versions as MLflow's registry has them, those that are not ready among them. */
export function mlflowRegistry(options: MlflowRegistryOptions): ModelRegistry {
  const api = new MlflowApi(options)
  const roots = options.locations.map(location => tableRoots({ location }))
  const folders = new Folders(api, roots)
  const shared = async (
    entry: Entry,
    aliases: ReadonlyMap<number, readonly string[]>,
    signal: AbortSignal | undefined,
  ): Promise<SharedModelVersion> => {
    const { version, status, description, source, runId } = entry
    return {
      version,
      status,
      location: status === 'READY' ? await folders.of(entry, signal) : '',
      aliases: aliases.get(version),
      comment: description,
      ...(options.provenance === true && { source, runId }),
    }
  }
  return {
    async listVersions(model, { after, maxResults }, signal) {
      const aliases = await aliasesOf(api, model, signal)
      if (aliases === undefined) return undefined
      const all = await entriesOf(api, model, signal)
      const rest = all.filter(({ version }) => after === undefined || version > Number(after))
      const page = rest.slice(0, maxResults)
      // One that may not be shared hides no other; who asks for it by its number is told why.
      const found = await mapConcurrently(page, ASKED_AT_ONCE, each =>
        shared(each, aliases, signal).catch(unlessRefused),
      )
      const items = found.filter(each => each !== undefined)
      return pageOf(items, rest.length > page.length ? page.at(-1)?.version : undefined)
    },
    async version(model, wanted, signal) {
      const aliases = await aliasesOf(api, model, signal)
      const number =
        typeof wanted === 'number' ? wanted : aliases && versionOf(aliases, wanted.alias)
      if (aliases === undefined || number === undefined) return undefined
      const found = await api.get(
        'model-versions/get',
        { name: model, version: String(number) },
        signal,
      )
      return found === undefined
        ? undefined
        : shared(entryOf(model, memberOf(found, 'model_version')), aliases, signal)
    },
  }
}

function unlessRefused(error: unknown): undefined {
  if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
  throw error
}

function pageOf<Item>(items: readonly Item[], last: number | undefined): Page<Item> {
  return last === undefined ? { items } : { items, next: String(last) }
}

/** A version, without where its files are. */
interface Entry {
  readonly model: string
  readonly version: number
  readonly status: ModelVersionStatus
  /** Changes whenever anything about the version does. */
  readonly updated: string
  readonly description: string | undefined
  readonly source: string | undefined
  readonly runId: string | undefined
}

/** Aliases by the version that they mean; undefined where there is no such model. */
async function aliasesOf(
  api: MlflowApi,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, readonly string[]> | undefined> {
  const found = await api.get('registered-models/get', { name }, signal)
  if (found === undefined) return undefined
  const model = memberOf(found, 'registered_model')
  const aliases = new Map<number, string[]>()
  for (const each of listIn(model, 'aliases')) {
    const [alias, version] = [textIn(each, 'alias'), Number(textIn(each, 'version'))]
    if (alias === undefined || !Number.isSafeInteger(version)) continue
    const known = aliases.get(version) ?? []
    known.push(alias)
    aliases.set(version, known)
  }
  return aliases
}

function versionOf(
  aliases: ReadonlyMap<number, readonly string[]>,
  alias: string,
): number | undefined {
  const wanted = alias.toLowerCase()
  for (const [version, names] of aliases) {
    if (names.some(name => name.toLowerCase() === wanted)) return version
  }
  return undefined
}

async function entriesOf(
  api: MlflowApi,
  name: string,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  let token: string | undefined
  do {
    const found = await api.get(
      'model-versions/search',
      {
        // As MLflow's own client writes it; a quote would end the text.
        filter: `name='${plainName(name)}'`,
        max_results: String(PAGE),
        ...(token !== undefined && { page_token: token }),
      },
      signal,
    )
    for (const each of listIn(found, 'model_versions')) entries.push(entryOf(name, each))
    const next = textIn(found, 'next_page_token') || undefined
    if ((next !== undefined && next === token) || entries.length > MAX_VERSIONS) {
      throw unavailable('its list of versions has no end', { retryable: false })
    }
    token = next
  } while (token !== undefined)
  return entries.sort((a, b) => a.version - b.version)
}

function plainName(name: string): string {
  if (!/['"\\\0]/.test(name)) return name
  throw new TableError(
    'INVALID_REQUEST',
    'expected the name of a registered model without quotes and backslashes',
  )
}

const STATUSES: readonly string[] = [
  'PENDING_REGISTRATION',
  'FAILED_REGISTRATION',
  'READY',
] satisfies readonly ModelVersionStatus[]

function entryOf(model: string, found: unknown): Entry {
  const version = Number(textIn(found, 'version'))
  const status = textIn(found, 'status') ?? 'READY'
  if (!Number.isSafeInteger(version) || version < 1 || !STATUSES.includes(status)) {
    throw unavailable('a version has no number or no status that is known', { retryable: false })
  }
  return {
    model,
    version,
    status: status as ModelVersionStatus,
    updated: textIn(found, 'last_updated_timestamp') ?? '',
    description: textIn(found, 'description') || undefined,
    source: textIn(found, 'source') || undefined,
    runId: textIn(found, 'run_id') || undefined,
  }
}

/** Where the files of versions are: asked for once for each state of a version. */
class Folders {
  readonly #api: MlflowApi
  readonly #roots: readonly ReturnType<typeof tableRoots>[]
  readonly #known = new Map<string, string>()

  constructor(api: MlflowApi, roots: readonly ReturnType<typeof tableRoots>[]) {
    this.#api = api
    this.#roots = roots
  }

  async of({ model, version, updated, source }: Entry, signal?: AbortSignal): Promise<string> {
    const key = JSON.stringify([model, version, updated, source])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = await this.#api.get(
      'model-versions/get-download-uri',
      { name: model, version: String(version) },
      signal,
    )
    const location = this.#checked(textIn(found, 'artifact_uri'), { model, version })
    if (this.#known.size >= MAX_VERSIONS) this.#known.clear()
    this.#known.set(key, location)
    return location
  }

  #checked(
    uri: string | undefined,
    of: { readonly model: string; readonly version: number },
  ): string {
    const named = `version ${of.version} of the registered model ${of.model}`
    if (uri === undefined || uri === '') {
      throw unavailable(`${named} has no artifact_uri`, { retryable: false })
    }
    // Whole: `file:///a/b` and `/a/b` are one place, and `dbfs:` or `mlflow-artifacts:` none that anybody can sign.
    const location = uri.startsWith('/') ? `file://${uri}` : uri
    const folder = location.endsWith('/') ? location : `${location}/`
    if (this.#roots.some(root => root.rootOf(`${folder}x`) !== undefined)) return folder
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${named} lies outside the locations of its registry: expected one below them, found ${folder}; ask your provider to list it there`,
      { context: { feature: 'registry', path: folder } },
    )
  }
}

function memberOf(document: unknown, key: string): unknown {
  return typeof document === 'object' && document !== null
    ? (document as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function listIn(document: unknown, key: string): readonly unknown[] {
  const found = memberOf(document, key)
  return Array.isArray(found) ? found : []
}

/** Numbers stand as texts in some versions of the server. */
function textIn(document: unknown, key: string): string | undefined {
  const found = memberOf(document, key)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}
