/** Every route of what is shared beside tables, of assets that the recipients of `disjoint-assets.test.ts` have. */
const SHARE = '/shares/:share'
const SCHEMA = `${SHARE}/schemas/:schema`
const VOLUME = `${SCHEMA}/volumes/:volume`
const SKILL = `${SCHEMA}/skills/:skill`
const MODEL = `${SCHEMA}/models/:model`
const VERSION = `${MODEL}/versions/:version`

const FOLDERS = [
  { path: VOLUME, credentials: ['temporary-volume-credentials'] },
  { path: SKILL, credentials: ['temporary-skill-credentials'] },
  {
    path: VERSION,
    credentials: ['temporary-model-version-credentials', 'temporary-model-credentials'],
  },
]

export const ASSET_ROUTES: readonly string[] = [
  ...['volumes', 'skills', 'models'].flatMap(kind => [
    `GET ${SHARE}/all-${kind}`,
    `GET ${SCHEMA}/${kind}`,
  ]),
  ...[VOLUME, SKILL, MODEL, VERSION, `${MODEL}/versions`, `${MODEL}/aliases/:alias`].map(
    path => `GET ${path}`,
  ),
  ...FOLDERS.flatMap(({ path, credentials }) => [
    `GET ${path}/files`,
    `POST ${path}/file-urls`,
    `POST ${path}/file-mismatches`,
    ...credentials.map(name => `POST ${path}/${name}`),
  ]),
]

const INDEX = '/.well-known/agent-skills'

/** Where agents find skills: what is there without a share is of whoever asks. */
export const INDEX_ROUTE = `GET ${INDEX}/index.json`
export const SKILL_ROUTES = [
  `GET ${INDEX}/:share/:schema/:skill/SKILL.md`,
  `GET ${INDEX}/:share/:schema/:skill/skill.tar.gz`,
] as const
export const MCP_ROUTE = 'POST /mcp'
export const AGENT_ROUTES: readonly string[] = [INDEX_ROUTE, ...SKILL_ROUTES].flatMap(route => [
  route,
  route.replace('GET', 'HEAD'),
])
