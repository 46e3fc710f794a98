import {
  isTableError,
  type ModelRegistry,
  mapConcurrently,
  type Page,
  type SharedModelVersion,
  TableError,
  type TableRoots,
  tableRoots,
} from '@spillway/core'
import {
  type Aliases,
  aliasesIn,
  bytesOfAliases,
  bytesOfEntries,
  bytesOfEntry,
  type Entry,
  entryIn,
  entryPageIn,
  locationIn,
} from './mlflow-answers.js'
import { MlflowApi, type MlflowOptions, unavailable } from './mlflow-api.js'
import { RecentAnswers } from './recent-answers.js'

export interface MlflowRegistryOptions extends MlflowOptions {
  /** Folders that the files of models may lie below. What lies elsewhere is refused: whoever can register a model names any. */
  readonly locations: readonly string[]
  /** Tells recipients of what run, and of what source, a version was made. */
  readonly provenance?: boolean | undefined
  readonly clock?: () => number
}

/** Folders of versions that are asked for at once, for one page. */
const ASKED_AT_ONCE = 8
const PAGE = 250
const MAX_VERSIONS = 100_000
/** What is known of all versions of a model, for one request. */
const MAX_ENTRY_BYTES = 64 * 1024 ** 2

/** Versions as MLflow's registry has them, those that are not ready among them. */
export function mlflowRegistry(options: MlflowRegistryOptions): ModelRegistry {
  const answers = answersOf(new MlflowApi(options), options.freshMs)
  const roots = options.locations.map(location => tableRoots({ location }))
  const folders = new Folders(answers, roots)
  const shared = async (
    { model, entry }: ModelEntry,
    aliases: Aliases,
    signal: AbortSignal | undefined,
  ): Promise<SharedModelVersion> => {
    const { version, status, description, source, runId } = entry
    return {
      version,
      status,
      location: status === 'READY' ? await folders.of({ model, entry }, signal) : '',
      aliases: aliases.byVersion.get(version),
      comment: description,
      ...(options.provenance === true && { source, runId }),
    }
  }
  return {
    async listVersions(model, { after, maxResults }, signal) {
      const aliases = await answers.aliases.get({ name: model }, signal)
      if (aliases === undefined) return undefined
      const all = await entriesOf(answers, model, signal)
      const rest = all.filter(({ version }) => after === undefined || version > Number(after))
      const page = rest.slice(0, maxResults)
      // One that may not be shared hides no other; who asks for it by its number is told why.
      const found = await mapConcurrently(page, ASKED_AT_ONCE, entry =>
        shared({ model, entry }, aliases, signal).catch(unlessRefused),
      )
      const items = found.filter(each => each !== undefined)
      return pageOf(items, rest.length > page.length ? page.at(-1)?.version : undefined)
    },
    async version(model, wanted, signal) {
      const aliases = await answers.aliases.get({ name: model }, signal)
      const number =
        typeof wanted === 'number' ? wanted : aliases?.versions.get(wanted.alias.toLowerCase())
      if (aliases === undefined || number === undefined) return undefined
      const entry = await answers.version.get({ name: model, version: String(number) }, signal)
      return entry && shared({ model, entry }, aliases, signal)
    },
  }
}

interface ModelEntry {
  readonly model: string
  readonly entry: Entry
}

type Answers = ReturnType<typeof answersOf>

/** What is asked of a server, by what is used of its answers. */
function answersOf(api: MlflowApi, freshMs: number | undefined) {
  const recent = <Answer>(
    method: string,
    read: (document: unknown) => Answer,
    bytesOf: (answer: Answer) => number,
  ) =>
    new RecentAnswers<Answer | undefined>({
      ask: query => api.get(method, query, read),
      bytesOf: answer => (answer === undefined ? 0 : bytesOf(answer)),
      freshMs,
    })
  return {
    aliases: recent('registered-models/get', aliasesIn, bytesOfAliases),
    page: recent('model-versions/search', entryPageIn, ({ entries }) => bytesOfEntries(entries)),
    version: recent('model-versions/get', entryIn, bytesOfEntry),
    location: recent('model-versions/get-download-uri', locationIn, uri => 2 * uri.length),
  }
}

function unlessRefused(error: unknown): undefined {
  if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
  throw error
}

function pageOf<Item>(items: readonly Item[], last: number | undefined): Page<Item> {
  return last === undefined ? { items } : { items, next: String(last) }
}

async function entriesOf(
  { page }: Answers,
  name: string,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  // As MLflow's own client writes it; a quote would end the text.
  const query = { filter: `name='${plainName(name)}'`, max_results: String(PAGE) }
  const entries: Entry[] = []
  let bytes = 0
  let token: string | undefined
  do {
    const asked = token === undefined ? query : { ...query, page_token: token }
    const found = await page.get(asked, signal)
    for (const each of found?.entries ?? []) entries.push(each)
    bytes += bytesOfEntries(found?.entries ?? []) + BYTES_OF_PAGE
    const next = found?.next
    const isEndless = next !== undefined && next === token
    if (isEndless || entries.length > MAX_VERSIONS || bytes > MAX_ENTRY_BYTES) {
      throw unavailable('its list of versions has no end', { retryable: false })
    }
    token = next
  } while (token !== undefined)
  return entries.sort((a, b) => a.version - b.version)
}

/** So that pages of nothing have an end too. */
const BYTES_OF_PAGE = 128 * 1024

function plainName(name: string): string {
  if (!/['"\\\0]/.test(name)) return name
  throw new TableError(
    'INVALID_REQUEST',
    'expected the name of a registered model without quotes and backslashes',
  )
}

/** Where the files of versions are: asked for once for each state of a version. */
class Folders {
  readonly #answers: Answers
  readonly #roots: readonly TableRoots[]
  /** The latest added last. */
  readonly #known = new Map<string, string>()

  constructor(answers: Answers, roots: readonly TableRoots[]) {
    this.#answers = answers
    this.#roots = roots
  }

  async of({ model, entry }: ModelEntry, signal?: AbortSignal): Promise<string> {
    const { version, updated, source } = entry
    const key = JSON.stringify([model, version, updated, source])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const query = { name: model, version: String(version) }
    const found = await this.#answers.location.get(query, signal)
    const location = this.#checked(found, `version ${version} of the registered model ${model}`)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break
      this.#known.delete(oldest)
    }
    // A long one is asked for again: what is remembered is bounded by its number.
    if (key.length + location.length <= MAX_KNOWN_CHARACTERS) this.#known.set(key, location)
    return location
  }

  #checked(uri: string | undefined, named: string): string {
    if (uri === undefined || uri === '') {
      throw unavailable(`${named} has no artifact_uri`, { retryable: false })
    }
    // Whole: `file:///a/b` and `/a/b` are one place, and `dbfs:` or `mlflow-artifacts:` none that anybody can sign.
    const location = uri.startsWith('/') ? `file://${uri}` : uri
    const folder = `${location.replace(/\/+$/, '')}/`
    if (this.#isTrulyBelow(folder)) return location.endsWith('/') ? location : folder
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${named} lies outside the locations of its registry: expected one below them, found ${folder.slice(0, 1000)}; ask your provider to list it there`,
      { context: { feature: 'registry', path: folder.slice(0, 1000) } },
    )
  }

  /** A location itself, or a folder that holds one, has the files of all models in it. */
  #isTrulyBelow(folder: string): boolean {
    const own = tableRoots({ location: folder })
    const holdsAnother = this.#roots.some(({ folders }) =>
      folders.some(each => own.rootOf(`${each}x`) !== undefined),
    )
    return !holdsAnother && this.#roots.some(root => root.rootOf(`${folder}x`) !== undefined)
  }
}

const MAX_KNOWN = 10_000
const MAX_KNOWN_CHARACTERS = 4096
