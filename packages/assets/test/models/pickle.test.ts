import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findPickle, pickleByName } from '../../src/index.js'
import { memoryFile } from '../support/memory-file.js'

/** Written by pickle, joblib and NumPy: test/fixtures/assets/models/make.py. */
const folder = fileURLToPath(
  new URL('../../../../test/fixtures/assets/models/pickled/', import.meta.url),
)
const bytesOf = (name: string) => readFileSync(`${folder}${name}`)

describe('a file that runs code when it is loaded', () => {
  it.each([
    ['protocol-2.pkl', /protocol 2/],
    ['protocol-3.pkl', /protocol 3/],
    ['protocol-4.pkl', /protocol 4/],
    ['protocol-5.pkl', /protocol 5/],
    ['plain.joblib', /protocol 4/],
    ['legacy.pt', /PyTorch/],
    ['pytorch_model.bin', /zip that holds the pickle "archive\/data.pkl"/],
    ['pickle-last.zip', /"data.pkl"/],
    ['objects.npy', /pickled objects/],
  ])('is told by its bytes, whatever its name: %s', async (name, reason) => {
    expect(await findPickle(memoryFile(bytesOf(name), 'weights.safetensors'))).toEqual({
      isCertain: true,
      reason: expect.stringMatching(reason),
    })
  })

  it.each([
    'protocol-0.pkl',
    'protocol-1.pkl',
    'zlib.joblib',
    'gzip.joblib',
    'bz2.joblib',
    'xz.joblib',
    'lzma.joblib',
  ])('is told by its name where its bytes do not tell: %s', async name => {
    expect(await findPickle(memoryFile(bytesOf(name), `a/${name}`))).toEqual({
      isCertain: false,
      reason: expect.stringContaining('usually are pickled'),
    })
  })

  it.each(['plain.zip', 'numbers.npy'])('is none of these: %s', async name => {
    expect(await findPickle(memoryFile(bytesOf(name), name))).toBeUndefined()
  })

  it.each([
    ['model.PKL', true],
    ['a/model.pkl.gz', true],
    ['pytorch_model.bin', true],
    ['x.ckpt', true],
    ['x.npz', true],
    ['model.safetensors', false],
    ['model.onnx', false],
    ['pkl', false],
    ['x.pkl/README.md', false],
  ])('is called so, or not: %s', (name, isPickle) => {
    expect(pickleByName(name) !== undefined).toBe(isPickle)
  })

  it('may be a zip that is cut, or whose directory is elsewhere', async () => {
    const zip = bytesOf('pytorch_model.bin')
    for (let end = 4; end < zip.length; end++) {
      const found = await findPickle(memoryFile(zip.subarray(0, end), 'x.zip'))
      expect(found?.reason).toMatch(/directory cannot be read/)
    }
    for (let at = zip.length - 22; at < zip.length; at++) {
      const bytes = Buffer.from(zip)
      bytes[at] = 0xff
      const found = await findPickle(memoryFile(bytes, 'x.zip'))
      expect(found?.reason).toMatch(/directory cannot be read|archive\/data.pkl/)
    }
  })

  it('is found in a zip with a comment, and in one beyond four gigabytes', async () => {
    const zip = bytesOf('pickle-last.zip')
    const commented = Buffer.concat([zip, Buffer.from('PK\x05\x06 is not the end')])
    commented.writeUInt16LE(commented.length - zip.length, zip.length - 2)
    expect((await findPickle(memoryFile(commented)))?.isCertain).toBe(true)
    expect((await findPickle(memoryFile(longZip(zip))))?.isCertain).toBe(true)
  })

  it('is read by little', async () => {
    const file = memoryFile(Buffer.concat([bytesOf('protocol-4.pkl'), Buffer.alloc(1 << 20)]))
    await findPickle(file)
    expect(file.reads).toEqual([[0, 65_536]])
  })
})

/** The same zip with the end of one that is too long for 32 bits: the places stand in front of it. */
function longZip(zip: Buffer): Buffer {
  const end = zip.length - 22
  const long = Buffer.alloc(56)
  long.writeUInt32LE(0x06064b50, 0)
  long.writeBigUInt64LE(BigInt(zip.readUInt32LE(end + 12)), 40)
  long.writeBigUInt64LE(BigInt(zip.readUInt32LE(end + 16)), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(end), 8)
  const last = Buffer.from(zip.subarray(end))
  last.fill(0xff, 12, 20)
  return Buffer.concat([zip.subarray(0, end), long, locator, last])
}
