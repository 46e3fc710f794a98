import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import { downloadAsset } from '../../src/node.js'
import {
  AssetServer,
  type AssetServerOptions,
  DOCS,
  noise,
  sha256,
} from '../support/asset-server.js'

let server: AssetServer
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-mismatch-'))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const WRONG = sha256(Buffer.from('of something else'))
const download = async (options: AssetServerOptions) => {
  server = await new AssetServer(options).start()
  const client = createSharingClient(server.profile, { retry: { retries: 1, baseDelayMs: 1 } })
  return downloadAsset(client, 'lake.kb.docs', { to: join(folder, 'to') })
}
interface Answer {
  readonly items: readonly { readonly path: string; readonly sha256?: string }[]
}
/** As a provider whose digest of `path` is of other bytes; of the answers to `what` alone. */
const wronglyStated =
  (path: string, what = /files|file-urls/) =>
  (asked: string, body: unknown) => {
    if (!what.test(asked)) return undefined
    const { items, ...rest } = body as Answer
    const wrong = items?.map(item => (item.path === path ? { ...item, sha256: WRONG } : item))
    return wrong && { ...rest, items: wrong }
  }

describe('bytes that are not those of the stated digest', () => {
  it('are told to the provider, once, and are no file', async () => {
    const files = { a: 'fine', w: noise(10 * 1024 * 1024) }
    const failed = download({ files, answer: wronglyStated('w') })
    await expect(failed).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    expect(existsSync(join(folder, 'to/w'))).toBe(false)
    const { etag } = server.files.get('w')!
    expect(server.mismatches).toEqual([
      { at: `${DOCS}/file-mismatches`, path: 'w', etag, sha256: sha256(files.w) },
    ])
  })

  it('that came right the second time are told to nobody', async () => {
    const files = { a: 'fine' }
    const damaged: AssetServerOptions['fault'] = ({ count, file, response }) => {
      if (count > 1) return false
      response.writeHead(200, { etag: file!.etag! }).end('fone')
      return true
    }
    await download({ files, fault: damaged })
    expect(server.mismatches).toEqual([])
  })

  it.each([
    ['does not know such reports', false],
    ['does not answer them', true],
  ])('fail in the same words where the provider %s', async (_, takesMismatches) => {
    const answer = wronglyStated('a')
    const failed = download({
      files: { a: 'fine' },
      takesMismatches,
      answer: (asked, body) =>
        asked.endsWith('/file-mismatches') && takesMismatches
          ? new Promise(() => undefined)
          : answer(asked, body),
    })
    const [rejected] = await Promise.allSettled([failed])
    expect(rejected).toMatchObject({
      reason: { message: expect.stringContaining(`expected sha256 ${WRONG}, found`) },
    })
  })
})

describe('a digest that is told with the URL alone', () => {
  const withoutDigests = (asked: string, body: unknown) => {
    if (!asked.endsWith('/files')) return undefined
    const { items, ...rest } = body as Answer
    return { ...rest, items: items.map(({ sha256: _, ...item }) => item) }
  }
  const files = { a: 'fine', w: noise(10 * 1024 * 1024) }

  it('is what the file is verified by', async () => {
    const { files: found } = await download({ files, answer: withoutDigests })
    expect(found).toMatchObject([
      { path: 'a', state: 'fetched', verified: true, sha256: sha256(Buffer.from('fine')) },
      { path: 'w', state: 'fetched', verified: true, sha256: sha256(files.w) },
    ])
  })

  it('is held against the bytes', async () => {
    const wrong = wronglyStated('w', /file-urls/)
    const failed = download({
      files,
      answer: (asked, body) => withoutDigests(asked, body) ?? wrong(asked, body),
    })
    await expect(failed).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    expect(server.mismatches).toHaveLength(1)
  })
})
