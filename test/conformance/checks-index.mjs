import { createHash } from 'node:crypto'
import { expect, expectRefusal, expectStatus, Skip } from './client.mjs'

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
    'HEAD, If-None-Match and If-Match are understood, of the index and of artifacts',
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
        await expectStatus(await client.ask(path, { headers: { 'if-match': etag } }), 200)
        await expectRefusal(await client.ask(path, { headers: { 'if-match': '"another"' } }), 412)
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
