import { createHash } from 'node:crypto'
import { sorted } from './answers.mjs'
import { expect, expectRefusal, expectStatus, Skip } from './client.mjs'

/** OpenSharing VOLUMES.md, ML_MODELS.md, AGENT_SKILLS.md, CREDENTIALS.md. */
const KINDS = {
  volume: { segment: 'volumes', credentials: ['temporary-volume-credentials'] },
  skill: { segment: 'skills', credentials: ['temporary-skill-credentials'] },
  model: { segment: 'models', credentials: [] },
}
const VERSION_CREDENTIALS = ['temporary-model-version-credentials', 'temporary-model-credentials']
const CLOUDS = ['awsTempCredentials', 'azureUserDelegationSas', 'gcpOauthToken', 'r2Credentials']

const e = encodeURIComponent
const assetPath = ({ share, schema, name }, kind) =>
  `/shares/${e(share)}/schemas/${e(schema)}/${KINDS[kind].segment}/${e(name)}`

/** The assets of a kind in a share: undefined where the server does not know them. */
export async function assetsOf(client, share, kind) {
  const path = `/shares/${e(share)}/all-${KINDS[kind].segment}`
  const first = await client.ask(path)
  await first.body?.cancel()
  return first.status === 404 ? undefined : client.all(path)
}

/** Checks of one kind of asset in one share, whose `assets` are listed. */
export const ASSET_CHECKS = Object.keys(KINDS).flatMap(kind => [
  [
    '80.1',
    `${kind}s have the members that the protocol requires, and ids of their own`,
    async ({ assets, share }) => {
      const all = of(assets, kind)
      for (const asset of all) {
        const required = kind === 'model' ? [] : ['storageLocation']
        for (const member of ['name', 'schema', 'share', ...required]) {
          expect(isText(asset[member]), `${asset.name} has no ${member}`)
        }
        for (const member of ['shareId', 'id', 'comment']) {
          const found = asset[member]
          expect(found === undefined || typeof found === 'string', `${member} of ${asset.name}`)
        }
        expect(asset.share.toLowerCase() === share.toLowerCase(), `the share ${asset.share}`)
        if (kind === 'skill') expectSkill(asset)
      }
      const ids = all.flatMap(({ id }) => id ?? [])
      expect(new Set(ids).size === ids.length, 'two have one id')
      expect(new Set(all.flatMap(({ shareId }) => shareId ?? [])).size <= 1, 'a share has two ids')
    },
  ],
  [
    '80.2',
    `pages of ${kind}s visit each once, in the share and in its schema`,
    async ({ client, assets, share }) => {
      const all = of(assets, kind)
      const keys = items => sorted(items.map(({ schema, name }) => `${schema}.${name}`))
      const path = `/shares/${e(share)}/all-${KINDS[kind].segment}`
      expect(keys(await client.all(`${path}?maxResults=1`)) === keys(all), 'pages differ')
      const none = await client.json(`${path}?maxResults=0`)
      expect((none.items ?? []).length === 0, 'maxResults=0 lists items')
      await expectRefusal(await client.ask(`${path}?maxResults=-1`), 400)
      await expectRefusal(await client.ask(`${path}?pageToken=nonsense`), 400)
      for (const schema of new Set(all.map(asset => asset.schema))) {
        const inSchema = `/shares/${e(share)}/schemas/${e(schema)}/${KINDS[kind].segment}`
        const own = all.filter(asset => asset.schema === schema)
        expect(keys(await client.all(inSchema)) === keys(own), `the list of ${schema} differs`)
      }
    },
  ],
  [
    '80.3',
    `a ${kind} is got unwrapped, as it is listed, in any case`,
    async ({ client, assets }) => {
      for (const asset of of(assets, kind)) {
        const upper = name => name.toUpperCase()
        for (const named of [
          asset,
          { ...asset, name: upper(asset.name) },
          { ...asset, schema: upper(asset.schema), share: upper(asset.share) },
        ]) {
          const got = await client.json(assetPath(named, kind))
          for (const member of ['name', 'schema', 'share', 'shareId', 'id', 'storageLocation']) {
            expect(got[member] === asset[member], `${member}: ${JSON.stringify(got)}`)
          }
        }
      }
    },
  ],
  [
    '80.4',
    `a ${kind} that is not there is a 404`,
    async ({ client, assets, share }) => {
      const [asset] = of(assets, kind)
      const missing = [
        assetPath({ ...asset, name: 'no-such-asset' }, kind),
        assetPath({ ...asset, schema: 'no-such-schema' }, kind),
        assetPath({ ...asset, share: 'no-such-share' }, kind),
        `/shares/no-such-share/all-${KINDS[kind].segment}`,
        `/shares/${e(share)}/schemas/no-such-schema/${KINDS[kind].segment}`,
      ]
      for (const path of missing) await expectRefusal(await client.ask(path), 404)
    },
  ],
  [
    '80.5',
    `${kind}s are told to nobody without a token`,
    async ({ client, assets, share }) => {
      const [asset] = of(assets, kind)
      const paths = [
        `/shares/${e(share)}/all-${KINDS[kind].segment}`,
        `/shares/${e(share)}/schemas/${e(asset.schema)}/${KINDS[kind].segment}`,
        assetPath(asset, kind),
        ...(kind === 'model' ? [`${assetPath(asset, kind)}/versions`] : []),
      ]
      for (const path of paths) await expectRefusal(await fetch(client.base + path), 401, 403)
      for (const name of KINDS[kind].credentials) {
        const at = `${client.base}${assetPath(asset, kind)}/${name}`
        await expectRefusal(await fetch(at, { method: 'POST' }), 401, 403)
      }
    },
  ],
  ...KINDS[kind].credentials.map(name => [
    '80.6',
    `credentials of a ${kind} are unwrapped, of one cloud, and expire`,
    async ({ client, assets }) =>
      eachOf(of(assets, kind), asset =>
        checkCredentials(client, `${assetPath(asset, kind)}/${name}`, asset),
      ),
  ]),
  ...(kind === 'model' ? versionChecks() : []),
  ...(kind === 'skill' ? [skillBytes()] : []),
])

/** The list repeats what a file says: which bytes that are is told, where the files can be asked for. */
function skillBytes() {
  return [
    '80.10',
    'a skill is what its SKILL.md says, by the digest that is told of it',
    async ({ client, assets }) => {
      const read = of(assets, 'skill').filter(({ accessModes }) => accessModes?.includes('url'))
      if (read.length === 0) throw new Skip('no skill is read by URL')
      for (const skill of read.slice(0, 20)) {
        const body = JSON.stringify({ paths: ['SKILL.md'] })
        const path = `${assetPath(skill, 'skill')}/file-urls`
        const answer = await expectStatus(await client.ask(path, { method: 'POST', body }), 200)
        const [{ url }] = (await answer.json()).items
        const bytes = Buffer.from(await (await expectStatus(await fetch(url), 200)).arrayBuffer())
        const named = /^---\r?\n(?:.*\n)*?name: *["']?([a-z0-9-]+)["']? *\r?\n/.exec(
          bytes.toString(),
        )
        expect(named?.[1] === skill.name, `the SKILL.md of ${skill.name} is that of ${named?.[1]}`)
        const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
        expect(skill.digest === undefined || skill.digest === digest, `the digest of ${skill.name}`)
      }
    },
  ]
}

function versionChecks() {
  const eachVersion = check => async context => {
    await eachOf(of(context.assets, 'model'), async model => {
      const path = `${assetPath(model, 'model')}/versions`
      const versions = await context.client.all(path)
      if (versions.length === 0) throw new Skip('no version is ready')
      await check({ ...context, model, path, versions })
    })
  }
  return [
    [
      '80.7',
      'versions of a model are READY, with the members that the protocol requires',
      eachVersion(async ({ model, versions, client, path }) => {
        for (const version of versions) {
          expect(version.status === 'READY', `the status ${version.status} is listed`)
          expect(Number.isSafeInteger(version.version), `the version ${version.version}`)
          expect(version.modelName === model.name, `the modelName ${version.modelName}`)
          for (const member of ['schema', 'share', 'storageLocation']) {
            expect(isText(version[member]), `version ${version.version} has no ${member}`)
          }
          for (const member of ['id', 'source', 'runId', 'comment']) {
            const found = version[member]
            expect(found === undefined || isText(found), `${member} of ${version.version}`)
          }
          const got = await client.json(`${path}/${version.version}`)
          expect(JSON.stringify(got) === JSON.stringify(version), JSON.stringify(got))
        }
        const numbers = versions.map(({ version }) => version)
        const paged = (await client.all(`${path}?maxResults=1`)).map(({ version }) => version)
        expect(sorted(paged) === sorted(numbers), 'pages differ')
        expect(new Set(numbers).size === numbers.length, 'a version is there twice')
        const none = await client.json(`${path}?maxResults=0`)
        expect((none.items ?? []).length === 0, 'maxResults=0 lists versions')
        await expectRefusal(await client.ask(`${path}?pageToken=nonsense`), 400)
        await expectRefusal(await client.ask(`${path}/${Math.max(...numbers) + 1000}`), 404)
        await expectRefusal(await client.ask(`${path}/x`), 400, 404)
      }),
    ],
    [
      '80.8',
      'credentials of a version are given by both spellings of their path',
      eachVersion(async ({ model, versions, client, path }) => {
        for (const name of VERSION_CREDENTIALS) {
          const [version] = versions
          const asset = { ...model, ...version }
          await checkCredentials(client, `${path}/${version.version}/${name}`, asset)
        }
      }),
    ],
    [
      '80.9',
      'aliases lead to their versions, where a server has them',
      eachVersion(async ({ model, versions, client }) => {
        const aliased = versions.flatMap(version =>
          (version.aliases ?? []).map(alias => ({ alias, version })),
        )
        if (aliased.length === 0) throw new Skip('no version has an alias')
        const names = aliased.map(({ alias }) => alias.toLowerCase())
        expect(new Set(names).size === names.length, 'an alias leads to two versions')
        const at = `${assetPath(model, 'model')}/aliases`
        for (const { alias, version } of aliased) {
          const got = await client.json(`${at}/${e(alias)}`)
          expect(JSON.stringify(got) === JSON.stringify(version), JSON.stringify(got))
        }
        await expectRefusal(await client.ask(`${at}/no-such-alias`), 404)
      }),
    ],
  ]
}

/** Those who do not know access modes may still refuse: a folder that nobody opens is no fault. */
async function checkCredentials(client, path, { accessModes, storageLocation }) {
  // Keys are nothing that lies in caches.
  await (await expectStatus(await client.ask(path), 400, 404, 405)).body?.cancel()
  const response = await client.ask(path, { method: 'POST' })
  if (accessModes !== undefined && !accessModes.includes('dir')) {
    await expectRefusal(response, 400, 403)
    throw new Skip('it is not shared by dir access')
  }
  const credentials = await (await expectStatus(response, 200)).json()
  const clouds = CLOUDS.filter(each => credentials[each] !== undefined)
  expect(clouds.length === 1, `credentials of ${clouds.length} clouds`)
  expect(credentials.expirationTime > Date.now(), `they expire at ${credentials.expirationTime}`)
  expect(credentials.credentials === undefined, 'they are wrapped, as a table’s are')
  expect(storageLocation.endsWith('/'), 'a location without its last slash opens its neighbours')
}

/** One that cannot be checked hides no other: skipped where none of them can. */
async function eachOf(items, check) {
  let checked = 0
  let skipped
  for (const item of items) {
    try {
      await check(item)
      checked++
    } catch (error) {
      if (!(error instanceof Skip)) throw error
      skipped ??= error
    }
  }
  if (checked === 0 && skipped !== undefined) throw skipped
}

function of(assets, kind) {
  if (assets[kind] === undefined) throw new Skip(`the server knows no ${kind}s`)
  if (assets[kind].length === 0) throw new Skip(`the share has no ${kind}s`)
  return assets[kind]
}

function isText(value) {
  return typeof value === 'string' && value !== ''
}

/** AGENT_SKILLS.md, "AgentSkill". */
function expectSkill({
  name,
  description,
  license,
  compatibility,
  allowedTools,
  metadata,
  digest,
}) {
  expect(name.length <= 64 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name), `the name ${name}`)
  expect(isText(description) && [...description].length <= 1024, `the description of ${name}`)
  expect(
    compatibility === undefined || [...compatibility].length <= 500,
    `compatibility of ${name}`,
  )
  for (const value of [license, compatibility, allowedTools]) {
    expect(value === undefined || typeof value === 'string', `${value} of ${name} is no text`)
  }
  const values = Object.values(metadata ?? {})
  expect(
    values.every(value => typeof value === 'string'),
    `metadata of ${name} are not all texts`,
  )
  expect(digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest), `the digest ${digest}`)
}

const fileKinds = ['volume', 'skill']

/** Paths of the folders whose files can be asked for by URL. */
export async function foldersOf(client, assets) {
  const folders = []
  for (const kind of fileKinds) {
    for (const asset of assets[kind] ?? []) {
      if (asset.accessModes?.includes('url')) folders.push(assetPath(asset, kind))
    }
  }
  for (const model of assets.model ?? []) {
    const path = `${assetPath(model, 'model')}/versions`
    for (const { version, accessModes } of await client.all(path)) {
      if (accessModes?.includes('url')) folders.push(`${path}/${version}`)
    }
  }
  return folders
}
