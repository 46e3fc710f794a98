import { TableError } from '@spillway/core'
import { assetCredentials } from './assets/asset-credentials.js'
import { assetFiles, assetFileUrls } from './assets/asset-files.js'
import { fileMismatches } from './assets/file-mismatches.js'
import {
  getModel,
  getModelVersion,
  getSkill,
  getVolume,
  listModels,
  listModelVersions,
  listSkills,
  listVolumes,
} from './assets/list-assets.js'
import { tableChanges } from './changes/table-changes.js'
import { getShare, getTable, listSchemas, listShares, listTables } from './discovery/list.js'
import { tableCredentials } from './discovery/table-credentials.js'
import { tableMetadata } from './discovery/table-metadata.js'
import { tableVersion } from './discovery/table-version.js'
import { MethodNotAllowed, Misplaced } from './http/error-response.js'
import { misplacedPath, pathBelow } from './http/mount-path.js'
import { queryInfo } from './query/async-query.js'
import { queryTable } from './query/query-table.js'
import type { RequestContext } from './requests/request-context.js'
import { skillArchive, skillMarkdown } from './skills/artifact.js'
import { mcp } from './skills/mcp.js'
import { skillsIndex } from './skills/well-known.js'

interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly pattern: string
  readonly run: (context: RequestContext) => Promise<Response>
  /** Who has no token may ask for what is public. */
  readonly isOpen?: boolean
}

const SHARE = '/shares/:share'
const SCHEMA = `${SHARE}/schemas/:schema`
const TABLE = `${SCHEMA}/tables/:table`
const VOLUME = `${SCHEMA}/volumes/:volume`
const SKILL = `${SCHEMA}/skills/:skill`
const MODEL = `${SCHEMA}/models/:model`
const VERSION = `${MODEL}/versions/:version`
const WELL_KNOWN = '/.well-known/agent-skills'
const ARTIFACT = `${WELL_KNOWN}/:share/:schema/:skill`

/** Every route there is. HEAD is its own: it is a deprecated spelling of /version, not GET without a body. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', pattern: '/shares', run: listShares },
  { method: 'GET', pattern: '/shares/:share', run: getShare },
  { method: 'GET', pattern: '/shares/:share/schemas', run: listSchemas },
  { method: 'GET', pattern: '/shares/:share/schemas/:schema/tables', run: listTables },
  { method: 'GET', pattern: '/shares/:share/all-tables', run: listTables },
  { method: 'GET', pattern: TABLE, run: getTable },
  { method: 'HEAD', pattern: TABLE, run: tableVersion },
  { method: 'GET', pattern: `${TABLE}/version`, run: tableVersion },
  { method: 'GET', pattern: `${TABLE}/metadata`, run: tableMetadata },
  { method: 'POST', pattern: `${TABLE}/query`, run: queryTable },
  { method: 'POST', pattern: `${TABLE}/queries/:query`, run: queryInfo },
  { method: 'POST', pattern: `${TABLE}/temporary-table-credentials`, run: tableCredentials },
  { method: 'GET', pattern: `${TABLE}/changes`, run: tableChanges },
  { method: 'GET', pattern: `${SHARE}/all-volumes`, run: listVolumes },
  { method: 'GET', pattern: `${SCHEMA}/volumes`, run: listVolumes },
  { method: 'GET', pattern: VOLUME, run: getVolume },
  ...folderRoutes(VOLUME, ['temporary-volume-credentials']),
  { method: 'GET', pattern: `${SHARE}/all-skills`, run: listSkills },
  { method: 'GET', pattern: `${SCHEMA}/skills`, run: listSkills },
  { method: 'GET', pattern: SKILL, run: getSkill },
  ...folderRoutes(SKILL, ['temporary-skill-credentials']),
  { method: 'GET', pattern: `${SHARE}/all-models`, run: listModels },
  { method: 'GET', pattern: `${SCHEMA}/models`, run: listModels },
  { method: 'GET', pattern: MODEL, run: getModel },
  { method: 'GET', pattern: `${MODEL}/versions`, run: listModelVersions },
  { method: 'GET', pattern: VERSION, run: getModelVersion },
  // Drafts of the protocol had it; models are named by it in most registries.
  { method: 'GET', pattern: `${MODEL}/aliases/:alias`, run: getModelVersion },
  // Two texts of the protocol spell the last segment in two ways.
  ...folderRoutes(VERSION, ['temporary-model-version-credentials', 'temporary-model-credentials']),
  ...openRoutes(`${WELL_KNOWN}/index.json`, skillsIndex),
  ...openRoutes(`${ARTIFACT}/SKILL.md`, skillMarkdown),
  ...openRoutes(`${ARTIFACT}/skill.tar.gz`, skillArchive),
  { method: 'POST', pattern: '/mcp', run: mcp },
]

/** What every folder of files has, whatever it is. */
function folderRoutes(folder: string, credentials: readonly string[]): readonly Route[] {
  return [
    { method: 'GET', pattern: `${folder}/files`, run: assetFiles },
    { method: 'POST', pattern: `${folder}/file-urls`, run: assetFileUrls },
    { method: 'POST', pattern: `${folder}/file-mismatches`, run: fileMismatches },
    ...credentials.map(
      name => ({ method: 'POST', pattern: `${folder}/${name}`, run: assetCredentials }) as const,
    ),
  ]
}

/** GET, and HEAD as everybody else has it: the same without a body. */
function openRoutes(pattern: string, run: Route['run']): readonly Route[] {
  return [
    { method: 'GET', pattern, run, isOpen: true },
    {
      method: 'HEAD',
      pattern,
      run: async context => withoutBody(await run(context)),
      isOpen: true,
    },
  ]
}

function withoutBody({ status, headers }: Response): Response {
  return new Response(null, { status, headers })
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

const MAX_URL_CHARACTERS = 16 * 1024

/** The route that a request asks for, below `prefix`; a refusal that says why there is none. */
export function findRoute(prefix: string, request: Request): Match {
  if (request.url.length > MAX_URL_CHARACTERS) {
    throw new TableError(
      'INVALID_REQUEST',
      `the URL is longer than ${MAX_URL_CHARACTERS} characters`,
    )
  }
  const pathname = new URL(request.url).pathname.replace(/\/{2,}/g, '/')
  const below = pathBelow(prefix, pathname)
  const match = below === undefined ? { allowed: [] } : matchRoute(request.method, below)
  if ('route' in match) return match
  if (match.allowed.length > 0) throw new MethodNotAllowed(match.allowed)
  const expected = below === undefined ? misplacedPath(prefix, pathname) : undefined
  if (expected !== undefined) throw new Misplaced(expected, pathname)
  throw new TableError('NOT_FOUND', 'there is nothing at this path')
}

/** The route of a path, or the methods that the path would take. */
function matchRoute(method: string, path: string): Match | { readonly allowed: readonly string[] } {
  const segments = segmentsOf(path)
  const allowed = new Set<string>()
  for (const route of ROUTES) {
    const params = matchPattern(route.pattern.split('/'), segments)
    if (params === undefined) continue
    if (route.method === method) return { route, params }
    allowed.add(route.method)
  }
  return { allowed: [...allowed] }
}

/**
 * The path from its first slash. Endpoints are written with one slash at their end, two or none, and clients put theirs in front of a
 * path: a segment that is empty says nothing.
 */
function segmentsOf(path: string): readonly string[] {
  return ['', ...path.split('/').filter(segment => segment !== '')]
}

function matchPattern(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined
    } else if (part === ':query') params.query = segment
    else params[part.slice(1)] = decodeName(segment)
  }
  return params
}

const MAX_NAME_CHARACTERS = 255

function decodeName(segment: string): string {
  let name: string
  try {
    name = decodeURIComponent(segment)
  } catch {
    throw new TableError('INVALID_REQUEST', 'a name in the path is not valid percent-encoded UTF-8')
  }
  if (name.length > MAX_NAME_CHARACTERS) {
    throw new TableError(
      'INVALID_REQUEST',
      `a name is longer than ${MAX_NAME_CHARACTERS} characters`,
    )
  }
  return name
}
