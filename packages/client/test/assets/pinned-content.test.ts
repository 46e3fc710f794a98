import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManifest, manifestDigest } from '@spillway/assets'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient, parseAssetName } from '../../src/index.js'
import { downloadAsset } from '../../src/node.js'
import { AssetServer, type AssetServerOptions, sha256 } from '../support/asset-server.js'

let server: AssetServer
let to: string
beforeEach(() => {
  to = mkdtempSync(join(tmpdir(), 'spillway-pin-'))
})
afterEach(async () => {
  await server?.close()
  rmSync(to, { recursive: true, force: true })
})

const FILES = { 'SKILL.md': 'first', 'b/c.txt': 'second' }

async function start(options: Partial<AssetServerOptions> = {}) {
  server = await new AssetServer({ files: FILES, ...options }).start()
}

const download = (name: string) =>
  downloadAsset(
    createSharingClient(server.profile, { retry: { retries: 1, baseDelayMs: 1 } }),
    name,
    {
      to,
    },
  )

async function digestOf(files: Readonly<Record<string, string>>): Promise<string> {
  const entries = Object.entries(files).map(([path, text]) => ({
    path,
    size: text.length,
    sha256: sha256(Buffer.from(text)),
  }))
  return manifestDigest(await createManifest(entries))
}

describe('a name with a digest', () => {
  it('is taken apart', () => {
    const digest = `sha256:${'0a'.repeat(32)}`
    expect(parseAssetName(`lake.kb.docs@${digest}`)).toEqual({
      ...{ share: 'lake', schema: 'kb', name: 'docs', digest },
    })
    expect(parseAssetName(`lake.kb.churn@3@${digest}`)).toMatchObject({ version: '3', digest })
  })

  it.each(['sha256:', 'sha256:abc', `sha256:${'A'.repeat(64)}`, `sha256:${'a'.repeat(65)}`])(
    'that is none is refused: %s',
    digest =>
      expect(() => parseAssetName(`lake.kb.docs@${digest}`)).toThrow(
        /expected a digest as sha256: and 64 lower-case/,
      ),
  )

  it.each(['lake.kb.docs', 'lake.kb.churn', 'lake.kb.churn@3', 'lake.kb.churn@best'])(
    'is what it says, or nothing is fetched: %s',
    async name => {
      await start()
      const digest = await digestOf(FILES)
      expect(await download(`${name}@${digest}`)).toMatchObject({ complete: true })
      expect(readFileSync(join(to, 'b/c.txt'), 'utf8')).toBe('second')
      const before = server.fetched.length
      // As long as before, and with the same names.
      server.put('b/c.txt', 'sEcond')
      const failure = await download(`${name}@${digest}`).catch(error => error)
      expect(failure).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(digest) })
      expect(server.fetched.length).toBe(before)
      expect(readFileSync(join(to, 'b/c.txt'), 'utf8')).toBe('second')
    },
  )

  it('is not the content under another name, or with a file more', async () => {
    await start({ files: { 'SKILL.md': 'first', 'b/d.txt': 'second' } })
    const digest = await digestOf(FILES)
    await expect(download(`lake.kb.docs@${digest}`)).rejects.toMatchObject({ code: 'CONFLICT' })
    await server.close()
    await start({ files: { ...FILES, more: '' } })
    await expect(download(`lake.kb.docs@${digest}`)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readdirSync(to)).toEqual(['.spillway'])
  })

  it('that changes while it is fetched is never another content', async () => {
    await start({
      fault: ({ path, count }) => {
        if (path === 'b/c.txt' && count === 1) server.put('b/c.txt', 'sEcond')
        return false
      },
    })
    const digest = await digestOf(FILES)
    await expect(download(`lake.kb.docs@${digest}`)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readdirSync(to)).not.toContain('b/c.txt')
  })

  it('is refused where the provider does not say what its bytes are', async () => {
    await start({ digests: false })
    const digest = await digestOf(FILES)
    await expect(download(`lake.kb.docs@${digest}`)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('no SHA-256 of 2 of its 2 files'),
    })
    await expect(download(`lake.kb.churn@${digest}`)).rejects.toMatchObject({
      code: 'CONFLICT',
      // Of the other there are no files.
      message: expect.stringContaining(
        '2 were looked at; of 1 of them the provider does not state',
      ),
    })
    expect(server.fetched).toEqual([])
  })

  it('names an older version by what is in it', async () => {
    const old = { 'SKILL.md': 'of the second', 'b/c.txt': 'second' }
    const described = Object.entries(old).map(([path, text]) => ({
      ...{ path, size: text.length, lastModified: 1, sha256: sha256(Buffer.from(text)) },
    }))
    await start({
      answer: (asked, body) =>
        asked.endsWith('/versions/2/files')
          ? { items: described, snapshotId: 'second' }
          : asked.endsWith('/versions/2')
            ? { share: 'lake', schema: 'kb', modelName: 'churn', version: 2, status: 'READY' }
            : body,
    })
    const client = createSharingClient(server.profile)
    const name = parseAssetName(`lake.kb.churn@${await digestOf(old)}`)
    expect(await client.asset(name)).toMatchObject({ folder: { version: 2 } })
  })
})
