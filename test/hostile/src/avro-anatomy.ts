import { avroSlots, readVarint, varint } from './avro-slots.js'
import { type Codec, compress, crc32Of, decompress } from './compress.js'
import { jsonSlots } from './json-slots.js'
import type { Anatomy, Part, Recompression } from './part.js'
import { joined, NotWhole, type Slot } from './slots.js'

const utf8 = new TextDecoder()
const encode = new TextEncoder()
const SYNC = 16

interface Block {
  readonly count: bigint
  readonly payload: Uint8Array
}

export interface AvroContainer {
  readonly metadata: readonly (readonly [string, Uint8Array])[]
  readonly sync: Uint8Array
  readonly blocks: readonly Block[]
  readonly codec: string
}

/** An Avro object container file (Avro 1.12): its schema, and the rows of every block. */
export function avroAnatomy(bytes: Uint8Array): Anatomy {
  const container = readContainer(bytes)
  const schema = JSON.parse(utf8.decode(metadataOf(container, 'avro.schema')))
  const parts: Part[] = container.metadata.map(([key, value]) => ({
    name: `header ${key}`,
    bytes: value,
    slots: key === 'avro.codec' ? textSlot(key) : documentOrText(key),
  }))
  for (const [index, { count, payload }] of container.blocks.entries()) {
    parts.push({
      name: `block ${index}`,
      bytes: payload,
      slots: changed => avroSlots(changed, { schema, count: Number(count), root: 'row' }),
    })
  }
  // Counts are open too: a block that claims other rows than it holds.
  const counts = joined(container.blocks.map(({ count }) => varint(count)))
  parts.push({ name: 'counts', bytes: counts, slots: countSlots })
  return {
    parts,
    assemble: (index, changed, how) => {
      const header = container.metadata.length
      if (index < header) {
        return writeContainer({
          ...container,
          metadata: container.metadata.map((entry, i) =>
            i === index ? ([entry[0], changed] as const) : entry,
          ),
        })
      }
      if (index === parts.length - 1) return writeContainer(withCounts(container, changed))
      const blocks = container.blocks.map((block, i) =>
        i === index - header ? { ...block, payload: changed } : block,
      )
      return writeContainer({ ...container, blocks }, how)
    },
  }
}

export function readContainer(bytes: Uint8Array): AvroContainer {
  if (utf8.decode(bytes.subarray(0, 4)) !== 'Obj\x01') throw new NotWhole('no Avro')
  let at = 4
  const metadata: [string, Uint8Array][] = []
  const long = () => {
    const { value, end } = readVarint(bytes, at)
    at = end
    return value
  }
  const take = (length: bigint) => {
    if (length < 0n || length > BigInt(bytes.length - at)) throw new NotWhole('cut off')
    at += Number(length)
    return bytes.subarray(at - Number(length), at)
  }
  for (let count = long(); count !== 0n; count = long()) {
    if (count < 0n) {
      long()
      count = -count
    }
    for (let i = 0n; i < count; i++) metadata.push([utf8.decode(take(long())), take(long())])
  }
  const sync = take(BigInt(SYNC))
  const codec = utf8.decode(metadata.find(([key]) => key === 'avro.codec')?.[1]) || 'null'
  const blocks: Block[] = []
  while (at < bytes.length) {
    const count = long()
    const stored = take(long())
    if (!take(BigInt(SYNC)).every((byte, i) => byte === sync[i])) throw new NotWhole('no sync')
    blocks.push({ count, payload: inflate(codec, stored) })
  }
  return { metadata, sync, blocks, codec }
}

export function writeContainer(container: AvroContainer, how?: Recompression): Uint8Array {
  const parts: Uint8Array[] = [encode.encode('Obj\x01'), varint(BigInt(container.metadata.length))]
  for (const [key, value] of container.metadata) {
    const name = encode.encode(key)
    parts.push(varint(BigInt(name.length)), name, varint(BigInt(value.length)), value)
  }
  parts.push(Uint8Array.of(0), container.sync)
  for (const { count, payload } of container.blocks) {
    const stored = deflate(container.codec, payload, how)
    parts.push(varint(count), varint(BigInt(stored.length)), stored, container.sync)
  }
  return joined(parts)
}

function inflate(codec: string, stored: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return stored
    case 'deflate':
      return decompress('deflate', stored, 0)
    case 'zstandard':
      return decompress('zstd', stored, 0)
    case 'snappy': {
      const body = stored.subarray(0, -4)
      const payload = decompress('snappy', body, snappyLength(body))
      const sum = new DataView(stored.buffer, stored.byteOffset + body.length, 4).getUint32(0)
      if (sum !== crc32Of(payload)) throw new NotWhole('a block without its CRC-32')
      return payload
    }
    default:
      throw new NotWhole(`codec ${codec}`)
  }
}

export function snappyLength(bytes: Uint8Array): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    length += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return length
  }
  throw new NotWhole('no snappy')
}

const CODECS: Readonly<Record<string, Codec>> = { deflate: 'deflate', zstandard: 'zstd' }

function deflate(codec: string, payload: Uint8Array, how?: Recompression): Uint8Array {
  if (codec === 'null') return payload
  if (codec === 'snappy') {
    const sum = new DataView(new ArrayBuffer(4))
    sum.setUint32(0, crc32Of(payload))
    return joined([compress('snappy', payload), new Uint8Array(sum.buffer)])
  }
  return compress(CODECS[codec] ?? 'none', payload, how?.level)
}

function withCounts(container: AvroContainer, changed: Uint8Array): AvroContainer {
  let at = 0
  const blocks = container.blocks.map(block => {
    try {
      const { value, end } = readVarint(changed, at)
      at = end
      return { ...block, count: value }
    } catch {
      return block
    }
  })
  return { ...container, blocks }
}

function countSlots(bytes: Uint8Array): readonly Slot[] {
  const slots: Slot[] = []
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = readVarint(bytes, at)
    slots.push({ path: 'count', kind: 'varint', start: at, end, text: String(value) })
    at = end
  }
  return slots
}

function metadataOf({ metadata }: AvroContainer, wanted: string): Uint8Array {
  const found = metadata.find(([key]) => key === wanted)
  if (found === undefined) throw new NotWhole(`no ${wanted}`)
  return found[1]
}

function textSlot(path: string) {
  return (bytes: Uint8Array): readonly Slot[] => [
    { path, kind: 'text', start: 0, end: bytes.length, text: utf8.decode(bytes) },
  ]
}

function documentOrText(key: string) {
  return (bytes: Uint8Array): readonly Slot[] => {
    try {
      return jsonSlots(bytes, key)
    } catch {
      return textSlot(key)(bytes)
    }
  }
}
