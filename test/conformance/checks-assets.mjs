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
    '80',
    `${kind}s have the members that the protocol requires`,
    async ({ assets }) => {
      for (const asset of of(assets, kind)) {
        const required = kind === 'model' ? [] : ['storageLocation']
        for (const member of ['name', 'schema', 'share', ...required, ...extra(kind)]) {
          expect(typeof asset[member] === 'string', `${asset.name} has no ${member}`)
        }
        if (kind === 'skill')
          expect(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(asset.name), `the name ${asset.name}`)
      }
    },
  ],
  [
    '80',
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
    '80',
    `a ${kind} is got unwrapped, as it is listed, in any case`,
    async ({ client, assets }) => {
      for (const asset of of(assets, kind)) {
        for (const name of [asset.name, asset.name.toUpperCase()]) {
          const got = await client.json(assetPath({ ...asset, name }, kind))
          expect(got.name === asset.name && got.id === asset.id, JSON.stringify(got))
        }
      }
    },
  ],
  [
    '80',
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
  ...KINDS[kind].credentials.map(name => [
    '80',
    `credentials of a ${kind} are unwrapped, of one cloud, and expire`,
    async ({ client, assets }) => {
      for (const asset of of(assets, kind)) {
        await checkCredentials(client, `${assetPath(asset, kind)}/${name}`, asset)
      }
    },
  ]),
  ...(kind === 'model' ? VERSION_CHECKS() : []),
])

function VERSION_CHECKS() {
  const eachVersion = check => async context => {
    for (const model of of(context.assets, 'model')) {
      const path = `${assetPath(model, 'model')}/versions`
      const versions = await context.client.all(path)
      if (versions.length === 0) throw new Skip('no version is ready')
      await check({ ...context, model, path, versions })
    }
  }
  return [
    [
      '80',
      'versions of a model are READY, with the members that the protocol requires',
      eachVersion(async ({ model, versions, client, path }) => {
        for (const version of versions) {
          expect(version.status === 'READY', `the status ${version.status} is listed`)
          expect(Number.isSafeInteger(version.version), `the version ${version.version}`)
          expect(version.modelName === model.name, `the modelName ${version.modelName}`)
          expect(typeof version.storageLocation === 'string', 'there is no storageLocation')
          const got = await client.json(`${path}/${version.version}`)
          expect(JSON.stringify(got) === JSON.stringify(version), JSON.stringify(got))
        }
        const numbers = versions.map(({ version }) => version)
        const paged = (await client.all(`${path}?maxResults=1`)).map(({ version }) => version)
        expect(sorted(paged) === sorted(numbers), 'pages differ')
        await expectRefusal(await client.ask(`${path}/${Math.max(...numbers) + 1000}`), 404)
        await expectRefusal(await client.ask(`${path}/x`), 400, 404)
      }),
    ],
    [
      '80',
      'credentials of a version are given by both spellings of their path',
      eachVersion(async ({ model, versions, client, path }) => {
        for (const name of VERSION_CREDENTIALS) {
          const [version] = versions
          const asset = { ...model, ...version }
          await checkCredentials(client, `${path}/${version.version}/${name}`, asset)
        }
      }),
    ],
  ]
}

/** Those who do not know access modes may still refuse: a folder that nobody opens is no fault. */
async function checkCredentials(client, path, { accessModes, storageLocation }) {
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

function of(assets, kind) {
  if (assets[kind] === undefined) throw new Skip(`the server knows no ${kind}s`)
  if (assets[kind].length === 0) throw new Skip(`the share has no ${kind}s`)
  return assets[kind]
}

function extra(kind) {
  return kind === 'skill' ? ['description'] : []
}

const fileKinds = ['volume', 'skill']

/** Checks of our extensions, where the server says that it has them (`accessModes` with `url`). */
export const FILE_CHECKS = [
  [
    'files',
    'pages of files are of one listing, in order, and name it',
    async ({ client, folders }) => {
      for (const path of folders) {
        const whole = await client.json(`${path}/files`)
        const paths = whole.items.map(file => file.path)
        expect(
          paths.every(
            (each, i) =>
              i === 0 || Buffer.compare(Buffer.from(paths[i - 1]), Buffer.from(each)) < 0,
          ),
          'paths are not in byte order',
        )
        const paged = await client.all(`${path}/files?maxResults=1`)
        expect(
          JSON.stringify(paged) === JSON.stringify(whole.items.slice(0, paged.length)),
          'pages differ',
        )
        expect(typeof whole.snapshotId === 'string', 'there is no snapshotId')
      }
    },
  ],
  [
    'file-urls',
    'signed URLs give the bytes that are listed, of the etag that is listed',
    async ({ client, folders }) => {
      for (const path of folders) {
        const { items } = await client.json(`${path}/files?maxResults=3`)
        if (items.length === 0) continue
        const body = JSON.stringify({ paths: items.map(file => file.path), expiresInSeconds: 60 })
        const answer = await client.ask(`${path}/file-urls`, { method: 'POST', body })
        const signed = (await (await expectStatus(answer, 200)).json()).items
        expect(signed.length === items.length, 'not all are signed')
        for (const [i, { path: name, url, size, etag }] of signed.entries()) {
          expect(name === items[i].path, 'in another order')
          const got = await expectStatus(await fetch(url), 200)
          expect((await got.arrayBuffer()).byteLength === size, `the size of ${name}`)
          if (etag) expect(got.headers.get('etag') === etag, `the etag of ${name}`)
        }
      }
    },
  ],
  [
    'files',
    'digests and types are well spelled, and those that come with a URL are of its bytes',
    async ({ client, folders }) => {
      for (const path of folders) {
        const { items } = await client.json(`${path}/files?maxResults=3`)
        for (const { sha256, mediaType } of items) {
          expect(sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256), `the digest ${sha256}`)
          expect(
            mediaType === undefined || /^[\w.+-]+\/[\w.+-]+$/.test(mediaType),
            `the type ${mediaType}`,
          )
        }
        if (items.length === 0) continue
        const body = JSON.stringify({ paths: items.map(file => file.path) })
        const answer = await client.ask(`${path}/file-urls`, { method: 'POST', body })
        for (const { path: name, url, sha256 } of (await answer.json()).items) {
          if (sha256 === undefined) continue
          const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
          expect(createHash('sha256').update(bytes).digest('hex') === sha256, `bytes of ${name}`)
        }
      }
    },
  ],
  [
    'file-mismatches',
    'that other bytes came is taken, of files of the folder alone, and changes no digest by itself',
    async ({ client, folders }) => {
      for (const path of folders) {
        const report = async (wrong, ...statuses) => {
          const mismatch = { path: 'no-such-file', sha256: '0'.repeat(64), ...wrong }
          const request = { method: 'POST', body: JSON.stringify(mismatch) }
          const response = await client.ask(`${path}/file-mismatches`, request)
          if (statuses.length > 0) return expectRefusal(response, ...statuses)
          return expectStatus(response, 202)
        }
        const before = await client.json(`${path}/files?maxResults=1`)
        await report({})
        for (const { path: name, etag } of before.items) await report({ path: name, etag })
        for (const wrong of [
          { path: '../x' },
          { path: '' },
          { sha256: 'x' },
          { sha256: undefined },
        ]) {
          await report(wrong, 400)
        }
        const after = await client.json(`${path}/files?maxResults=1`)
        // Those that are not made yet may be by now.
        for (const [i, { sha256 }] of before.items.entries()) {
          const isKept = sha256 === undefined || sha256 === after.items[i].sha256
          expect(isKept, 'a digest changed by what was said of it')
        }
      }
    },
  ],
  [
    'file-urls',
    'nothing outside the folder is signed',
    async ({ client, folders }) => {
      for (const path of folders) {
        for (const name of ['../x', '/etc/passwd', 'a/../../x', '', '.', 'no-such-file']) {
          const body = JSON.stringify({ paths: [name] })
          const response = await client.ask(`${path}/file-urls`, { method: 'POST', body })
          await expectRefusal(response, 400, 403, 404)
        }
      }
    },
  ],
  [
    'etag',
    'who has a listing already is answered 304',
    async ({ client, folders }) => {
      for (const path of folders) {
        const first = await client.ask(`${path}/files`)
        await first.body?.cancel()
        const etag = first.headers.get('etag')
        expect(etag, 'there is no etag')
        const again = await client.ask(`${path}/files`, { headers: { 'if-none-match': etag } })
        await expectStatus(again, 304)
      }
    },
  ],
]

const INDEX = '/.well-known/agent-skills/index.json'
const SCHEMA = 'https://schemas.agentskills.io/discovery/0.2.0/schema.json'

/** Agent Skills Discovery 0.2.0, of a server that has the index below its endpoint. */
export const INDEX_CHECKS = [
  [
    'index',
    'the well-known index names artifacts of the digests that it states',
    async ({ client }) => {
      const { $schema, skills } = await indexOf(client)
      expect($schema === SCHEMA, `the schema ${$schema}`)
      const names = skills.map(({ name }) => name)
      expect(new Set(names).size === names.length, 'a name is there twice')
      for (const { name, type, description, url, digest } of skills.slice(0, 20)) {
        expect(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name), `the name ${name}`)
        expect(['skill-md', 'archive'].includes(type), `the type ${type} of ${name}`)
        expect(description.length >= 1 && description.length <= 1024, `the description of ${name}`)
        const at = new URL(url, client.base + INDEX).href
        expect(at.startsWith(client.base), `${name} lies elsewhere`)
        const answer = await expectStatus(await client.ask(at.slice(client.base.length)), 200)
        const bytes = new Uint8Array(await answer.arrayBuffer())
        const found = createHash('sha256').update(bytes).digest('hex')
        expect(digest === `sha256:${found}`, `the digest of ${name}`)
        const media = answer.headers.get('content-type')
        const expected = type === 'archive' ? /^application\/(gzip|zip)/ : /^text\/(markdown|plain)/
        expect(expected.test(media), `${name} is ${media}`)
      }
    },
  ],
  [
    'index',
    'HEAD and If-None-Match are understood, of the index and of artifacts',
    async ({ client }) => {
      const { skills } = await indexOf(client)
      const paths = skills
        .slice(0, 5)
        .map(({ url }) => new URL(url, client.base + INDEX).href.slice(client.base.length))
      for (const path of [INDEX, ...paths]) {
        const head = await expectStatus(await client.ask(path, { method: 'HEAD' }), 200)
        const etag = head.headers.get('etag')
        expect(etag && !etag.startsWith('W/'), `the tag ${etag} of ${path}`)
        await expectStatus(await client.ask(path, { headers: { 'if-none-match': etag } }), 304)
      }
    },
  ],
  [
    'index',
    'who has no token is told of nothing that is not public, and a token that is no good is refused',
    async ({ client }) => {
      const { skills } = await indexOf(client)
      const open = await fetch(client.base + INDEX)
      await expectStatus(open, 200, 401, 404)
      const known = open.status === 200 ? (await open.json()).skills.map(({ url }) => url) : []
      for (const { url } of skills.slice(0, 20)) {
        const stranger = await fetch(new URL(url, client.base + INDEX))
        await stranger.body?.cancel()
        const isOpen = known.includes(url)
        expect(stranger.ok === isOpen, `${url} without a token is ${stranger.status}`)
      }
      const bad = await client.ask(INDEX, {
        headers: { authorization: 'Bearer no-token-of-anybody' },
      })
      await expectRefusal(bad, 401, 403)
    },
  ],
  [
    'index',
    'an artifact that is not there, and a path that climbs, is a 404',
    async ({ client }) => {
      await indexOf(client)
      const base = '/.well-known/agent-skills'
      for (const path of [
        'a/b/c/SKILL.md',
        'a/b/c/skill.tar.gz',
        'x',
        '%2e%2e%2f%2e%2e/x/y/SKILL.md',
      ]) {
        await expectRefusal(await client.ask(`${base}/${path}`), 400, 404)
      }
    },
  ],
]

async function indexOf(client) {
  const answer = await client.ask(INDEX)
  if (answer.status === 404) throw new Skip('the server has no index of skills')
  return (await expectStatus(answer, 200)).json()
}

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
