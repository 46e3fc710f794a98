import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { createSharingClient, type DescribeAssetOptions, describeAsset } from '../../src/index.js'
import { AssetServer, type AssetServerOptions, noise } from '../support/asset-server.js'
import { headed, MLMODEL, PICKLE, safetensors } from '../support/model-files.js'

let server: AssetServer
afterEach(() => server?.close())

async function described(
  files: AssetServerOptions['files'],
  options: Partial<AssetServerOptions> & DescribeAssetOptions & { readonly name?: string } = {},
) {
  server = await new AssetServer({ files, ...options }).start()
  const client = createSharingClient(server.profile, { retry: { retries: 1, baseDelayMs: 1 } })
  return describeAsset(client, options.name ?? 'lake.kb.churn', options)
}

const bytesOf = (path: string) =>
  server.fetched
    .filter(asked => asked.path === path)
    .map(({ headers }) =>
      /^bytes=(\d+)-(\d+)$/
        .exec(headers.range ?? '')
        ?.slice(1)
        .map(Number),
    )

describe('a model', () => {
  it('is described by small reads of its files', async () => {
    const weights = safetensors({ a: [1000, 1000], b: [3] }, { format: 'pt' })
    const found = await described({
      MLmodel: MLMODEL,
      'model.pkl': PICKLE,
      'weights.safetensors': weights,
      'data.bin': noise(10_000_000),
      'README.md': '# churn',
    })
    expect(found).toMatchObject({
      name: 'lake.kb.churn@3',
      files: 5,
      digested: 5,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      mlModel: { model: { mlflowVersion: '3.17.2', runId: '0f3c', modelSizeBytes: 1234 } },
      weights: [{ path: 'weights.safetensors', header: { parameters: 1_000_003n } }],
      faults: [],
      notLookedAt: 0,
    })
    expect(found.mlModel?.unsafe.map(({ flavor }) => flavor)).toEqual([
      'python_function',
      'sklearn',
      'sklearn',
    ])
    expect(found.pickles).toEqual([
      { path: 'model.pkl', isCertain: true, reason: 'it begins as a pickle of protocol 4' },
      { path: 'data.bin', isCertain: false, reason: expect.stringContaining('.bin') },
    ])
    const header = weights.readUInt32LE(0)
    expect(bytesOf('weights.safetensors')).toEqual([
      [0, 7],
      [8, 7 + header],
    ])
    expect(server.sent).toBeLessThan(200_000)
  })

  it('without an MLmodel, or anything at all, is described by its list', async () => {
    expect(await described({})).toMatchObject({
      ...{ files: 0, bytes: 0, weights: [], pickles: [], faults: [] },
    })
    expect(server.fetched).toEqual([])
  })

  it('of a folder that is a volume is looked into too', async () => {
    const found = await described({ MLmodel: MLMODEL }, { name: 'lake.kb.docs' })
    expect(found).toMatchObject({ found: { kind: 'volume' }, mlModel: { path: 'MLmodel' } })
  })
})

describe('what strangers may have made of safetensors', () => {
  it.each([
    [
      'a header beyond the file',
      headed(Buffer.from('{}'), 1_000_000n),
      /1000000 bytes, and the file/,
    ],
    ['a length of 2^63', headed(Buffer.from('{}'), 2n ** 63n), /9223372036854775808 bytes/],
    ['fewer bytes than a length', Buffer.from([1, 2]), /fewer than the length/],
    ['no bytes', Buffer.alloc(0), /0 bytes, fewer/],
    ['no JSON', headed(Buffer.from('{"a')), /JSON/],
    ['another beginning', headed(Buffer.from('[1]')), /does not begin/],
    [
      'bytes that belong to no tensor',
      Buffer.concat([safetensors({ a: [1] }), Buffer.alloc(9)]),
      /tensors end/,
    ],
  ])('%s is told, and hides nothing', async (_, bytes, message) => {
    const found = await described({
      'a.safetensors': bytes,
      'b.safetensors': safetensors({ x: [2] }),
    })
    expect(found.weights.map(({ path }) => path)).toEqual(['b.safetensors'])
    expect(found.faults).toEqual([
      { path: 'a.safetensors', code: 'TABLE_CORRUPT', message: expect.stringMatching(message) },
    ])
  })

  it('a header of 26 MB is not fetched', async () => {
    const found = await described({ 'a.safetensors': headed(Buffer.alloc(26_000_000, 0x20)) })
    expect(found.faults).toMatchObject([{ code: 'UNSUPPORTED_FEATURE' }])
    expect(server.sent).toBe(8)
  })

  it('headers of many megabytes are read up to a bound of all, and the rest is told', async () => {
    const large = safetensors({ a: [1] }, { note: 'x'.repeat(600_000) })
    const files = Object.fromEntries([1, 2, 3, 4].map(i => [`${i}.safetensors`, large]))
    const found = await described(files, { maxBytes: 1_300_000 })
    expect(found.weights).toHaveLength(2)
    expect(found.faults.map(({ code }) => code)).toEqual(Array(2).fill('UNSUPPORTED_FEATURE'))
    expect(found.faults[0]?.message).toContain('more than 1300000 of all files')
    expect(server.sent).toBeLessThanOrEqual(1_300_000)
  })

  it('ten thousand files are looked into up to a bound, and the rest is told', async () => {
    const one = safetensors({ a: [1] })
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`${String(i).padStart(5, '0')}.safetensors`, one]),
    )
    const found = await described(files, { maxFiles: 20, pageSize: 5000 })
    expect(found).toMatchObject({ files: 10_000, notLookedAt: 9980, faults: [] })
    expect(found.weights).toHaveLength(20)
    expect(server.fetched).toHaveLength(40)
    expect(server.asked.filter(asked => asked.includes('file-urls'))).toHaveLength(1)
  })
})

describe('an index of shards', () => {
  const index = (map: Readonly<Record<string, string>>, size?: number) =>
    JSON.stringify({ weight_map: map, metadata: { total_size: size } })
  const shards = {
    'unet/1.safetensors': safetensors({ a: [2], b: [1] }),
    'unet/2.safetensors': safetensors({ c: [4] }),
  }
  const whole = { a: '1.safetensors', b: '1.safetensors', c: '2.safetensors' }
  it.each<readonly [string, string, readonly RegExp[]]>([
    ['agrees', index(whole, 28), []],
    ['misses a tensor', index({ a: '1.safetensors', c: '2.safetensors' }), [/"b".*does not name/]],
    ['has one too many', index({ ...whole, d: '2.safetensors' }), [/does not hold "d"/]],
    [
      'puts one elsewhere',
      index({ ...whole, b: '2.safetensors' }),
      [/"b".*not name/, /not hold "b"/],
    ],
    [
      'names a shard that is not there',
      index({ ...whole, e: '3.safetensors' }),
      [/3\.safe.*missing/],
    ],
    ['has another size', index(whole, 29), [/28 bytes, and the index says 29/]],
  ])('that %s', async (_, text, faults) => {
    const path = 'unet/model.safetensors.index.json'
    const found = await described({ ...shards, [path]: text })
    expect(found.indexes).toMatchObject([{ path, notCompared: 0 }])
    const told = [...found.indexes[0]!.faults].sort()
    expect(told).toHaveLength(faults.length)
    for (const fault of faults) expect(told.join('\n')).toMatch(fault)
  })

  it('calls no shard missing that is there and was not read', async () => {
    const path = 'unet/model.safetensors.index.json'
    const found = await described({ ...shards, [path]: index(whole, 1) }, { maxFiles: 2 })
    expect(found.indexes).toMatchObject([{ notCompared: 1, faults: [] }])
    expect(found.notLookedAt).toBe(1)
  })
})

describe('a signature', () => {
  const at = new URL('../../../../test/fixtures/assets/signatures/', import.meta.url)
  const signed: Readonly<Record<string, string>> = JSON.parse(
    readFileSync(new URL('files.json', at), 'utf8'),
  )
  const sig = readFileSync(new URL('signatures/p256.sig', at))

  it('is told as it claims, and never called verified', async () => {
    const files = { ...signed, 'model.sig': sig, 'added.txt': 'x', 'weights.bin': 'other' }
    const found = await described(files)
    expect(found.signature).toMatchObject({
      method: 'public-key',
      subjectDigest: expect.stringMatching(/^sha256:/),
      different: ['weights.bin'],
      missing: [],
    })
    expect(found.signature?.unsigned).toContain('added.txt')
    expect(JSON.stringify(found.signature)).not.toContain('erified')
  })

  it('that is none is told', async () => {
    const found = await described({ 'model.sig': '{"mediaType": "x"}', 'a.txt': 'a' })
    expect(found.signature).toBeUndefined()
    expect(found.faults).toMatchObject([{ path: 'model.sig' }])
  })
})

describe('files that cannot be read', () => {
  it.each<readonly [string, NonNullable<AssetServerOptions['fault']>, string]>([
    ['refused', ({ response }) => Boolean(response.writeHead(403).end()), 'PERMISSION_DENIED'],
    ['gone', ({ response }) => Boolean(response.writeHead(404).end()), 'CONFLICT'],
    ['broken', ({ response }) => Boolean(response.destroy()), 'STORAGE_UNAVAILABLE'],
    [
      'changed',
      ({ path }) => {
        server.put(path, noise(500))
        return false
      },
      'CONFLICT',
    ],
  ])('are told: %s', async (_, fault, code) => {
    const found = await described(
      { MLmodel: MLMODEL, 'a.safetensors': safetensors({ a: [1] }) },
      { fault: asked => asked.path !== 'MLmodel' && fault(asked) },
    )
    expect(found.mlModel).toBeDefined()
    expect(found.faults).toMatchObject([{ path: 'a.safetensors', code }])
    expect(JSON.stringify(found.faults)).not.toContain('s3cret')
  })

  it('are read whole where they are small and the store knows no parts', async () => {
    const bytes = safetensors({ a: [1] })
    const found = await described(
      { 'a.safetensors': bytes },
      { fault: ({ response }) => Boolean(response.writeHead(200).end(bytes)) },
    )
    expect(found).toMatchObject({ faults: [], weights: [{ header: { parameters: 1n } }] })
  })

  it('are signed again where the first URL has expired', async () => {
    const found = await described(
      { 'a.safetensors': safetensors({ a: [1] }) },
      { fault: ({ count, response }) => count === 1 && Boolean(response.writeHead(403).end()) },
    )
    expect(found).toMatchObject({ faults: [], weights: [{ path: 'a.safetensors' }] })
  })

  it('end it where whoever asked has gone', async () => {
    const stop = new AbortController()
    const gone = described(
      { 'a.safetensors': safetensors({ a: [1] }) },
      {
        signal: stop.signal,
        fault: () => {
          stop.abort()
          return true
        },
      },
    )
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

it('a pin by a digest is held, and the digest that is told is the one to pin by', async () => {
  const files = { 'a.txt': 'a' }
  const { digest } = await described(files)
  await server.close()
  expect(await described(files, { name: `lake.kb.docs@${digest}` })).toMatchObject({ digest })
  await server.close()
  const other = described({ 'a.txt': 'b' }, { name: `lake.kb.docs@${digest}` })
  await expect(other).rejects.toMatchObject({ code: 'CONFLICT' })
})
