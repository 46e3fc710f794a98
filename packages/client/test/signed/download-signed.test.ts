import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import {
  type DownloadOptions,
  downloadAsset,
  downloadSigned,
  type SignatureTrust,
  verifySigned,
} from '../../src/node.js'
import { AssetServer, type AssetServerOptions } from '../support/asset-server.js'

const fixtures = new URL('../../../../test/fixtures/assets/signatures/', import.meta.url)
const text = (path: string) => readFileSync(new URL(path, fixtures), 'utf8')
const { '.gitattributes': ignored, ...SIGNED }: Record<string, string> = JSON.parse(
  text('files.json'),
)
const KEY: SignatureTrust = { publicKey: text('keys/p256.pub') }
const ROOT: SignatureTrust = { certificateChain: [text('certificates/root.pem')] }

let server: AssetServer
let to: string
beforeEach(() => {
  to = mkdtempSync(join(tmpdir(), 'spillway-signed-'))
})
afterEach(async () => {
  await server?.close()
  rmSync(to, { recursive: true, force: true })
})

type Files = Record<string, string | Uint8Array>

/** The signed model, with its signature. */
function model(signature = 'p256', change: (files: Files) => void = () => undefined): Files {
  const sig = readFileSync(new URL(`signatures/${signature}.sig`, fixtures))
  const files: Files = { ...SIGNED, 'model.sig': sig }
  change(files)
  return files
}

async function start(files: Files, options: Partial<AssetServerOptions> = {}) {
  server = await new AssetServer({ files, ...options }).start()
}

function download(trust = KEY, options: Partial<DownloadOptions> = {}, name = 'lake.kb.churn') {
  const client = createSharingClient(server.profile, { retry: { retries: 1, baseDelayMs: 1 } })
  return downloadSigned(client, name, { to, trust, ...options })
}

const CHANGES: readonly (readonly [string, (files: Files) => void, object])[] = [
  [
    'a flipped byte',
    files => {
      files['weights.bin'] = `v${SIGNED['weights.bin']!.slice(1)}`
    },
    { different: ['weights.bin'], missing: [], unsigned: [] },
  ],
  [
    'a renamed file',
    files => {
      files['config2.json'] = files['config.json']!
      delete files['config.json']
    },
    { missing: ['config.json'], unsigned: [{ path: 'config2.json', reason: 'not-listed' }] },
  ],
  [
    'a file that was taken away',
    files => {
      delete files['sub/tokenizer.txt']
    },
    { missing: ['sub/tokenizer.txt'], unsigned: [] },
  ],
  [
    'a file that was added',
    files => {
      files['evil.py'] = 'x'
    },
    { missing: [], unsigned: [{ path: 'evil.py', reason: 'not-listed' }] },
  ],
  [
    'a file that the signer left out',
    files => {
      files['.gitattributes'] = ignored!
    },
    { missing: [], unsigned: [{ path: '.gitattributes', reason: 'ignored' }] },
  ],
]

describe('a signed model', () => {
  it('of a folder that was itself downloaded is as it was signed: what a download kept is not fetched', async () => {
    await start(
      model('p256', files => {
        files['.spillway/files'] = 'of the download before'
      }),
    )
    const { signature, download: done } = await download()
    expect(done!.files).toContainEqual(
      expect.objectContaining({ path: '.spillway/files', state: 'reserved' }),
    )
    expect(signature).toMatchObject({ ok: true, unsigned: [] })
  })

  it.each([
    ['by a key', 'p256', KEY],
    ['by certificates', 'certificate-good', ROOT],
  ])(
    '%s is downloaded and verified, and its folder too, without a pass of its own',
    async (_, name, trust) => {
      await start(model(name))
      const { signature, download: made } = await download(trust)
      expect(signature).toMatchObject({
        ok: true,
        verified: Object.keys(SIGNED).length,
        different: [],
        missing: [],
        unsigned: [],
      })
      expect(made).toMatchObject({ complete: true })
      const bytes = Object.values(server.options.files).reduce((sum, file) => sum + file.length, 0)
      const sig = server.files.get('model.sig')!.bytes.length
      // Of the signature alone a second time, for it is read before the rest.
      expect(server.sent).toBeLessThanOrEqual(bytes + sig + 10)
      expect(await verifySigned(to, { trust })).toMatchObject({ signature: { ok: true } })
    },
  )

  it.each([
    ['another key', 'p256', { publicKey: text('keys/other.pub') }, /it is of the key/],
    [
      'another root',
      'certificate-good',
      { certificateChain: [text('certificates/other-root.pem')] },
      /no root that is trusted/,
    ],
    ['certificates where a key signed', 'p256', ROOT, /signed by a key/],
    ['a signature of parts of files', 'shards', KEY, /sign it anew/],
    ['links that were followed', 'symlinks', KEY, /symbolic links allowed/],
  ])('is not fetched by %s', async (_, name, trust, message) => {
    await start(model(name))
    await expect(download(trust)).rejects.toThrow(message)
    expect(server.fetched.map(({ path }) => path)).toEqual(['model.sig'])
    expect(readdirSync(to)).toEqual([])
  })

  it.each([[{}], [{ ...KEY, ...ROOT }], [{ certificateChain: [] }]])(
    'by nobody, or two, is refused before anybody is asked: %#',
    async trust => {
      await start(model())
      await expect(download(trust)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      await expect(verifySigned(to, { trust })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      expect(server.asked).toEqual([])
    },
  )

  it('as a volume whose signed file never holds still is missing that file', async () => {
    const path = 'config.json'
    let version = 0
    await start(model(), {
      fault: asked => {
        if (asked.path === path) server.put(path, `${version++}`.padStart(SIGNED[path]!.length))
        return false
      },
    })
    const { signature, download: done } = await download(KEY, {}, 'lake.kb.docs')
    expect(done).toMatchObject({ complete: false })
    expect(signature).toMatchObject({ ok: false, missing: [path], different: [] })
  })

  it('without its signature is refused', async () => {
    await start(SIGNED)
    await expect(download()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'lake.kb.churn@3 is not signed: it has no model.sig',
    })
    expect(server.fetched).toEqual([])
  })

  describe.each([true, false])('with digests of the provider: %s', digests => {
    it.each(CHANGES)('and %s is told by name', async (_, change, told) => {
      await start(model('p256', change), { digests })
      const { signature, download: made } = await download()
      expect(signature).toMatchObject({ ok: false, ...told })
      // What the provider says itself is another is not fetched at all.
      if (digests) expect(made).toBeUndefined()
    })
  })

  it.each(CHANGES)('whose folder has %s afterwards is told by name', async (_, change, told) => {
    await start(model())
    await download()
    const files: Files = { ...SIGNED }
    change(files)
    for (const path of Object.keys(SIGNED)) if (!(path in files)) rmSync(join(to, path))
    for (const [path, bytes] of Object.entries(files)) {
      if (bytes !== SIGNED[path]) writeFileSync(join(to, path), bytes)
    }
    const { signature } = await verifySigned(to, { trust: KEY })
    expect(signature).toMatchObject({ ok: false, ...told })
  })

  it('with unsigned files passes where they are allowed, and they are told', async () => {
    await start(
      model('p256', files => Object.assign(files, { 'evil.py': 'x', '.gitattributes': ignored })),
    )
    const trust = { ...KEY, allowUnsigned: true }
    const { signature } = await download(trust)
    expect(signature).toMatchObject({ ok: true, verified: Object.keys(SIGNED).length })
    expect(signature.unsigned.map(({ path }) => path).sort()).toEqual(['.gitattributes', 'evil.py'])
    expect((await verifySigned(to, { trust })).signature.ok).toBe(true)
    expect((await verifySigned(to, { trust: KEY })).signature.ok).toBe(false)
  })

  it('of which a part is wanted is verified as far as it was fetched', async () => {
    await start(model())
    const { signature, download: made } = await download(KEY, { include: ['*.json', 'sub/'] })
    expect(signature).toMatchObject({ ok: true, verified: 2, missing: [] })
    expect(made?.files.map(({ path }) => path).sort()).toEqual(['config.json', 'sub/tokenizer.txt'])
    expect(existsSync(join(to, 'weights.bin'))).toBe(false)
  })

  it('beside what an earlier version left is not whole', async () => {
    await start({ ...model(), 'old.py': 'x' })
    const client = createSharingClient(server.profile)
    await downloadAsset(client, 'lake.kb.docs', { to })
    await server.close()
    await start(model())
    const { signature } = await download(KEY, {}, 'lake.kb.docs')
    expect(signature).toMatchObject({ ok: false, unsigned: [{ path: 'old.py' }] })
  })

  it('whose signature is exchanged after it was read is refused', async () => {
    await start(model('p256'), {
      fault: ({ path, count }) => {
        if (path === 'config.json' && count === 1) {
          server.put('model.sig', readFileSync(new URL('signatures/p384.sig', fixtures)))
        }
        return false
      },
    })
    await expect(download(KEY, { concurrency: 1 }, 'lake.kb.docs')).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })
})

describe('a folder', () => {
  it('whose file and what is known of it were both exchanged is not believed', async () => {
    await start(model())
    await download()
    const path = join(to, 'weights.bin')
    const { atime, mtime } = statSync(path)
    writeFileSync(path, `v${SIGNED['weights.bin']!.slice(1)}`)
    utimesSync(path, atime, mtime)
    // As a download of the exchanged file would have left it.
    const other = mkdtempSync(join(tmpdir(), 'spillway-signed-'))
    await server.close()
    await start(model('p256', files => Object.assign(files, { 'weights.bin': readFileSync(path) })))
    await downloadAsset(createSharingClient(server.profile), 'lake.kb.churn', { to: other })
    rmSync(join(to, '.spillway'), { recursive: true })
    renameSync(join(other, '.spillway'), join(to, '.spillway'))
    rmSync(other, { recursive: true })
    const { download: read, signature } = await verifySigned(to, { trust: KEY })
    expect(read.different).toEqual([])
    expect(signature).toMatchObject({ ok: false, different: ['weights.bin'] })
  })

  it('with a link in the place of a signed file, or of the signature, is not believed', async () => {
    await start(model())
    await download()
    mkdirSync(join(to, 'x'))
    renameSync(join(to, 'config.json'), join(to, 'x/config.json'))
    symlinkSync('x/config.json', join(to, 'config.json'))
    const { signature } = await verifySigned(to, { trust: KEY })
    expect(signature).toMatchObject({ ok: false, different: ['config.json'] })
    renameSync(join(to, 'model.sig'), join(to, 'x/model.sig'))
    symlinkSync('x/model.sig', join(to, 'model.sig'))
    await expect(verifySigned(to, { trust: KEY })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
