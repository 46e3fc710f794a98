import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { localStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import {
  readSafetensorsHeader,
  readShardedIndex,
  type SafetensorsHeader,
  shardFaults,
  storedFile,
} from '../../src/index.js'
import { memoryFile } from '../support/memory-file.js'

/** Written, and read, by Python's safetensors: test/fixtures/assets/models/make.py. */
const folder = fileURLToPath(
  new URL('../../../../test/fixtures/assets/models/safetensors/', import.meta.url),
)
const bytesOf = (name: string) => readFileSync(`${folder}${name}`)
const expected: Record<string, { metadata: object | null; tensors: Record<string, unknown> }> =
  JSON.parse(bytesOf('expected.json').toString())
const verdicts: Record<string, string | null> = JSON.parse(bytesOf('bad/verdicts.json').toString())

/** What the reference reads and we do not, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  'space-first': 'the format wants "{" first',
  'tensor-twice': 'readers differ in which of the two they take',
}

describe('a header of safetensors', () => {
  it.each(Object.keys(expected))('says what the reference reads: %s', async name => {
    const file = memoryFile(bytesOf(name), name)
    const header = await readSafetensorsHeader(file)
    const found = header.tensors.map(({ name: tensor, dtype, shape }) => [tensor, [dtype, shape]])
    expect(Object.fromEntries(found)).toEqual(expected[name]!.tensors)
    expect(header.metadata).toEqual(expected[name]!.metadata ?? {})
    expect(header.dataSize).toBe(
      header.tensors.reduce((sum, { start, end }) => sum + end - start, 0),
    )
    const length = Number(bytesOf(name).readBigUInt64LE())
    expect(file.reads).toEqual([
      [0, 8],
      [8, 8 + length],
    ])
  })

  it.each(Object.keys(verdicts))('is refused where the reference refuses it: %s', async name => {
    const read = readSafetensorsHeader(memoryFile(bytesOf(`bad/${name}.safetensors`), name))
    const isGood = verdicts[name] === null && !(name in STRICTER)
    const code = await read.then(
      () => undefined,
      error => error.code,
    )
    if (isGood) expect(code).toBeUndefined()
    else expect(code).toBe(name === 'unknown-dtype' ? 'UNSUPPORTED_FEATURE' : 'TABLE_CORRUPT')
  })

  it('is not read where it says that it is long, whatever the file has', async () => {
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(25_000_001n)
    const file = { ...memoryFile(head), size: 30_000_000 }
    await expect(readSafetensorsHeader(file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('25000001 bytes'),
    })
    expect(file.reads).toEqual([[0, 8]])
  })

  it('is refused, or the same, wherever it is cut or a byte of it is another', async () => {
    const whole = bytesOf('types.safetensors')
    const length = 8 + Number(whole.readBigUInt64LE())
    for (let at = 0; at < length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1 << (at % 8)
      const code = await readSafetensorsHeader(memoryFile(bytes)).then(
        () => 'TABLE_CORRUPT',
        error => error.code,
      )
      expect(['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE']).toContain(code)
      await expect(readSafetensorsHeader(memoryFile(whole.subarray(0, at)))).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
      })
    }
  })

  it('is that of an object of a store, and refused where that became shorter', async () => {
    const store = localStore()
    const path = `${pathToFileURL(`${folder}types.safetensors`)}`
    const size = bytesOf('types.safetensors').length
    const header = await readSafetensorsHeader(storedFile(store, { path, size }))
    expect(header.tensors.length).toBe(19)
    const gone = storedFile(store, { path: `${path}.gone`, size })
    await expect(readSafetensorsHeader(gone)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const short = { ...memoryFile(bytesOf('types.safetensors').subarray(0, 100)), size }
    await expect(readSafetensorsHeader(short)).rejects.toThrow(/were asked for/)
  })

  it('has tensors with the names of an object’s own members', async () => {
    const tensor = { dtype: 'U8', shape: [1], data_offsets: [0, 1] }
    const text = `{"__proto__":${JSON.stringify(tensor)},"constructor":${JSON.stringify({ ...tensor, data_offsets: [1, 2] })}}`
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(BigInt(text.length))
    const file = memoryFile(Buffer.concat([head, Buffer.from(text), Buffer.alloc(2)]))
    const { tensors, parameters } = await readSafetensorsHeader(file)
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor'])
    expect(parameters).toBe(2n)
  })
})

describe('a model in several files', () => {
  const index = readShardedIndex(bytesOf('model.safetensors.index.json'))
  const headers = async () => {
    const names = readdirSync(folder).filter(name => name.startsWith('model-'))
    const read = names.map(async name => {
      const header = await readSafetensorsHeader(memoryFile(bytesOf(name), name))
      return [name, header] as const
    })
    return new Map<string, SafetensorsHeader>(await Promise.all(read))
  }

  it('has the tensors that its index names', async () => {
    expect(index.shards).toEqual([
      { path: 'model-00001-of-00002.safetensors', tensors: ['a', 'b'] },
      { path: 'model-00002-of-00002.safetensors', tensors: ['c'] },
    ])
    expect(shardFaults(index, await headers())).toEqual([])
  })

  it('is held against its index', async () => {
    const [first, second] = [...(await headers())]
    expect(shardFaults(index, new Map([first!]))).toEqual([
      'the shard "model-00002-of-00002.safetensors" is missing',
    ])
    const swapped = new Map([
      [first![0], second![1]],
      [second![0], first![1]],
    ])
    expect(shardFaults(index, swapped).length).toBe(6)
    expect(shardFaults({ ...index, statedSize: 50 }, await headers())).toEqual([
      'its tensors have 51 bytes, and the index says 50',
    ])
  })

  it.each([
    ['{"weight_map":{"a":"../x"}}', /in an index of shards/],
    ['{"weight_map":{"a":"/etc/x"}}', /begins at a root/],
    ['{"weight_map":{"a":"x","a":"y"}}', /twice/],
    ['{"weight_map":{"a":1}}', /weight_map.a: expected a text/],
    ['{"weight_map":[]}', /expected an object/],
    ['{}', /weight_map: expected an object, found nothing/],
    ['', /as JSON/],
  ])('is refused with an index like %s', (text, message) => {
    expect(() => readShardedIndex(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'TABLE_CORRUPT', message: expect.stringMatching(message) }),
    )
  })

  it('has an index of which the size may be anything', () => {
    for (const size of ['1.5', '-1', '"x"', 'null', '99999999999999999999']) {
      const text = `{"metadata":{"total_size":${size}},"weight_map":{"a":"x"}}`
      expect(readShardedIndex(Buffer.from(text)).statedSize).toBeUndefined()
    }
  })
})
