import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { quickOr, turnsDuring } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createManifest,
  encodeManifest,
  type ManifestEntry,
  manifestDigest,
  modelSigningDigest,
  readManifest,
} from '../../src/index.js'

const fixtures = fileURLToPath(
  new URL('../../../../test/fixtures/assets/manifest/', import.meta.url),
)
// Written by Python alone: test/fixtures/assets/manifest/make.py.
const python = readFileSync(`${fixtures}manifest.txt`)
const expected = JSON.parse(readFileSync(`${fixtures}expected.json`, 'utf8'))

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const entry = (path: string, text = path): ManifestEntry => ({
  path,
  size: text.length,
  sha256: digest(text),
})
const newHasher = () => createHash('sha256')

describe('a manifest', () => {
  it('has the bytes and the digest that Python writes, whatever order its files come in', async () => {
    const read = await readManifest(python)
    const shuffled = await createManifest(read.entries.toReversed())
    expect(Buffer.from(encodeManifest(shuffled)).equals(python)).toBe(true)
    expect(await manifestDigest(shuffled)).toBe(expected.digest)
    expect(await manifestDigest(shuffled, { newHasher })).toBe(expected.digest)
  })

  it('has the digest of model-signing beside it, with and without what that leaves out', async () => {
    const manifest = await readManifest(python)
    const { all, usual } = expected.modelSigning
    expect(await modelSigningDigest(manifest, { ignorePaths: [] })).toBe(all.digest)
    expect(await modelSigningDigest(manifest, { newHasher })).toBe(usual.digest)
  })

  it('binds names and sizes, which the digest of model-signing does not', async () => {
    const one = await createManifest([entry('a', 'x'), entry('b', 'y')])
    const renamed = await createManifest([entry('c', 'x'), entry('d', 'y')])
    expect(await manifestDigest(one)).not.toBe(await manifestDigest(renamed))
    expect(await modelSigningDigest(one)).toBe(await modelSigningDigest(renamed))
  })

  it('may be empty', async () => {
    const empty = await createManifest([])
    expect(Buffer.from(encodeManifest(empty)).toString()).toBe('asset-manifest 1\n')
    expect(await readManifest(encodeManifest(empty))).toEqual({ entries: [], totalSize: 0 })
  })

  it('is read back as it was made', async () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
    let made = 0
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 8 }), async paths => {
        const manifest = await createManifest(paths.map(p => entry(p))).catch(() => undefined)
        if (manifest === undefined) return
        made++
        const bytes = encodeManifest(manifest)
        expect(await readManifest(bytes)).toEqual(manifest)
        const lines = Buffer.from(bytes).toString().split('\n').slice(1, -1)
        const paths8 = lines.map(line => Buffer.from(line.split(' ').slice(2).join(' ')))
        expect(paths8).toEqual(paths8.toSorted(Buffer.compare))
      }),
      { numRuns: quickOr(125, 500) },
    )
    expect(made).toBeGreaterThan(100)
  })

  it.each([
    [[{ ...entry('a'), size: -1 }], 'INVALID_REQUEST', /size in bytes, found -1/],
    [[{ ...entry('a'), size: 1.5 }], 'INVALID_REQUEST', /found 1.5/],
    [[{ ...entry('a'), size: 2 ** 53 }], 'INVALID_REQUEST', /size/],
    [[{ ...entry('a'), sha256: 'A'.repeat(64) }], 'INVALID_REQUEST', /64 lower-case/],
    [[{ ...entry('a'), sha256: `${digest('')}\n` }], 'INVALID_REQUEST', /64 lower-case/],
    [[entry('../a')], 'UNSUPPORTED_FEATURE', /segment "\.\."/],
    [[entry('a'), entry('a')], 'UNSUPPORTED_FEATURE', /twice/],
    [[entry('a'), entry('A')], 'UNSUPPORTED_FEATURE', /one file with/],
    [
      [
        { ...entry('a'), size: 2 ** 53 - 1 },
        { ...entry('b'), size: 2 ** 53 - 1 },
      ],
      'UNSUPPORTED_FEATURE',
      /2\^53/,
    ],
  ])('is not made of %j', async (entries, code, message) => {
    await expect(createManifest(entries)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('lets others go on where it is long', async () => {
    const entries = Array.from({ length: 50_000 }, (_, i) => ({
      ...entry(''),
      path: `d${(i * 7919) % 97}/f${i}`,
    }))
    const { turns, value } = await turnsDuring(async () => {
      const manifest = await createManifest(entries)
      return readManifest(encodeManifest(manifest))
    })
    expect(turns).toBeGreaterThan(3)
    expect(value.entries.length).toBe(50_000)
  })
})

const H = digest('')
const text = (...lines: string[]) => Buffer.from(['asset-manifest 1', ...lines, ''].join('\n'))

describe('bytes that are no manifest', () => {
  it.each([
    ['nothing', Buffer.alloc(0), /begins with/, 1],
    ['a BOM', Buffer.concat([Buffer.from('\ufeff'), text()]), /begins with/, 1],
    ['CRLF', Buffer.from(text(`${H} 0 a`).toString().replaceAll('\n', '\r\n')), /begins with/, 1],
    ['CR at the end of a name', text(`${H} 0 a\r`), /control character/, undefined],
    ['no last line end', text(`${H} 0 a`).subarray(0, -1), /no end/, 2],
    ['an empty line', text(`${H} 0 a`, ''), /found ""/, 3],
    ['a short digest', text(`${H.slice(1)} 0 a`), /found/, 2],
    ['an upper-case digest', text(`${H.toUpperCase()} 0 a`), /found/, 2],
    ['a size with a zero in front', text(`${H} 00 a`), /found/, 2],
    ['a size with a sign', text(`${H} +1 a`), /found/, 2],
    ['a size beyond 2^53', text(`${H} 9999999999999999 a`), /size/, 2],
    ['a size of many digits', text(`${H} ${'9'.repeat(400)} a`), /found/, 2],
    ['two spaces', text(`${H}  0 a`), /found/, 2],
    ['no name', text(`${H} 0 `), /found/, 2],
    ['the wrong order', text(`${H} 0 b`, `${H} 0 a`), /out of order/, 3],
    ['UTF-16 order', text(`${H} 0 \u{1f600}`, `${H} 0 \uff5e`), /out of order/, 3],
    ['a path twice', text(`${H} 0 a`, `${H} 0 a`), /out of order/, 3],
    ['twins', text(`${H} 0 A`, `${H} 0 a`), /one file with/, undefined],
    ['a path that climbs', text(`${H} 0 ../a`), /segment/, undefined],
    [
      'no UTF-8',
      Buffer.concat([text().subarray(0), Buffer.from(`${H} 0 \xff\n`, 'latin1')]),
      /UTF-8/,
      2,
    ],
    ['a line without end', text(`${H} 0 ${'a'.repeat(100_000)}`), /too long/, 2],
  ])('are refused with their line: %s', async (_, bytes, message, line) => {
    await expect(readManifest(bytes, { path: 's3://x/m' })).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(message),
      context: line === undefined ? expect.anything() : { path: 's3://x/m', line },
    })
  })

  it('are told apart from a later version', async () => {
    await expect(readManifest(Buffer.from('asset-manifest 2\n'))).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('are refused wherever one byte of a manifest is another', async () => {
    const right = await manifestDigest(await readManifest(python))
    for (let at = 0; at < python.length; at++) {
      const bytes = Buffer.from(python)
      bytes[at]! ^= 1 << (at % 8)
      const read = await readManifest(bytes).catch(() => undefined)
      if (read !== undefined) expect(await manifestDigest(read)).not.toBe(right)
    }
  })
})
