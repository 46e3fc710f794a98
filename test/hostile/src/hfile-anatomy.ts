import { avroSlots } from './avro-slots.js'
import { compress, crc32Of, decompress } from './compress.js'
import type { Anatomy, Part } from './part.js'
import { joined, NotWhole, type Slot } from './slots.js'

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder()
const HEADER = 33
const TRAILER = 4096
const CASTAGNOLI = 0x82f63b78

interface Block {
  readonly magic: string
  readonly start: number
  readonly end: number
  readonly content: Uint8Array
  readonly header: Uint8Array
}

/** An HFile version 3 (HBase reference guide, appendix G): its blocks inflated, and the message of its trailer. */
export function hfileAnatomy(bytes: Uint8Array): Anatomy {
  const end = bytes.length - TRAILER
  if (end < 0 || latin1.decode(bytes.subarray(end, end + 8)) !== 'TRABLK"$') {
    throw new NotWhole('no HFile')
  }
  const message = trailerMessage(bytes.subarray(end))
  const gzip = message.find(({ field }) => field === 12)?.value === 1
  const blocks: Block[] = []
  for (let start = 0; start < end; ) {
    const block = readBlock(bytes, start, gzip)
    blocks.push(block)
    start = block.end
  }
  if (blocks.length > 0 && blocks.at(-1)!.end !== end) throw new NotWhole('bytes between blocks')
  const schema = schemaOf(blocks)
  const parts: Part[] = blocks.map(block => ({
    name: block.magic,
    bytes: block.content,
    slots: changed =>
      block.magic === 'DATABLK*' ? entrySlots(changed, schema) : wholeSlot(changed),
  }))
  parts.push({
    name: 'trailer',
    bytes: protobuf(message),
    slots: changed => wholeSlot(changed),
  })
  return {
    parts,
    assemble(index, changed) {
      if (index === blocks.length) {
        return joined([bytes.subarray(0, end), trailerOf(bytes.subarray(end), changed)])
      }
      return rebuilt(bytes, { blocks, message, gzip }, index, changed)
    },
  }
}

function rebuilt(
  bytes: Uint8Array,
  { blocks, message, gzip }: { blocks: readonly Block[]; message: readonly Field[]; gzip: boolean },
  index: number,
  changed: Uint8Array,
): Uint8Array {
  const at = blocks[index]!.start
  const written = writeBlock(blocks[index]!, changed, gzip)
  const delta = written.length - (blocks[index]!.end - at)
  // Indexes name places and lengths of blocks: those of the changed one and of all behind it are other ones now.
  const whole = blocks.map((block, i) => {
    if (i === index) return written
    if (block.magic !== 'IDXROOT2' || index > i) return bytes.subarray(block.start, block.end)
    return writeBlock(block, movedIndex(block.content, { at, delta, length: written.length }), gzip)
  })
  const starts = new Map<number, number>()
  let to = 0
  for (const [i, block] of blocks.entries()) {
    starts.set(block.start, to)
    to += whole[i]!.length
  }
  const moved = message.map(({ field, value }) => ({
    field,
    value: typeof value === 'number' && PLACES.has(field) ? (starts.get(value) ?? value) : value,
  }))
  return joined([...whole, trailerOf(bytes.subarray(bytes.length - TRAILER), protobuf(moved))])
}

/** Fields of the trailer that name the start of a block: file info, load-on-open, first and last data block. */
const PLACES = new Set([1, 2, 9, 10])

function movedIndex(
  content: Uint8Array,
  { at, delta, length }: { at: number; delta: number; length: number },
): Uint8Array {
  const copy = content.slice()
  const view = new DataView(copy.buffer)
  for (let i = 0; i + 13 <= copy.length; ) {
    const offset = Number(view.getBigInt64(i))
    if (offset === at) view.setInt32(i + 8, length)
    if (offset > at) view.setBigInt64(i, BigInt(offset + delta))
    const first = view.getInt8(i + 12)
    if (first >= 0) i += 13 + first
    else {
      const digits = -112 - first
      let key = 0
      for (let d = 0; d < digits; d++) key = key * 256 + (copy[i + 13 + d] ?? 0)
      i += 13 + digits + key
    }
  }
  return copy
}

function readBlock(bytes: Uint8Array, start: number, gzip: boolean): Block {
  if (start + HEADER > bytes.length) throw new NotWhole('cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEADER)
  const end = start + HEADER + view.getInt32(8)
  const dataEnd = start + view.getInt32(29)
  if (dataEnd < start + HEADER || end < dataEnd || end > bytes.length) throw new NotWhole('lengths')
  const header = bytes.subarray(start, start + HEADER)
  const block = bytes.subarray(start, end)
  const sums = checksums(block.subarray(0, dataEnd - start), view)
  if (!sums.every((byte, i) => byte === block[dataEnd - start + i])) throw new NotWhole('checksum')
  const stored = bytes.subarray(start + HEADER, dataEnd)
  const size = view.getInt32(12)
  const content = (gzip ? decompress('gzip', stored, size) : stored).subarray(0, size)
  if (content.length !== size) throw new NotWhole('a block too short')
  return { magic: latin1.decode(header.subarray(0, 8)), start, end, content, header }
}

function writeBlock({ header }: Block, content: Uint8Array, gzip: boolean): Uint8Array {
  const stored = gzip ? compress('gzip', content) : content
  const covered = joined([header, stored])
  const view = new DataView(covered.buffer)
  const kind = view.getUint8(24)
  const chunk = view.getInt32(25)
  const sums = kind === 0 || chunk < 1 ? 0 : 4 * Math.ceil(covered.length / chunk)
  view.setInt32(8, stored.length + sums)
  view.setInt32(12, content.length)
  view.setInt32(29, covered.length)
  return joined([covered, checksums(covered, view)])
}

function checksums(covered: Uint8Array, view: DataView): Uint8Array {
  const kind = view.getUint8(24)
  const chunk = view.getInt32(25)
  if (kind === 0) return new Uint8Array(0)
  if (kind > 2 || chunk < 1) throw new NotWhole('no kind of checksum')
  const count = Math.ceil(covered.length / chunk)
  const sums = new DataView(new ArrayBuffer(4 * count))
  for (let i = 0; i < count; i++) {
    const piece = covered.subarray(i * chunk, (i + 1) * chunk)
    sums.setUint32(4 * i, kind === 1 ? crc32Of(piece) : crc32Of(piece, CASTAGNOLI))
  }
  return new Uint8Array(sums.buffer)
}

interface Field {
  readonly field: number
  readonly value: number | Uint8Array
}

function trailerMessage(trailer: Uint8Array): readonly Field[] {
  const { value: length, end } = unsigned(trailer, 8)
  return protobufFields(trailer.subarray(end, end + length))
}

function protobufFields(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = unsigned(bytes, at)
    const number = unsigned(bytes, tag.end)
    at = number.end
    if ((tag.value & 7) === 0) fields.push({ field: tag.value >> 3, value: number.value })
    else if ((tag.value & 7) === 2) {
      fields.push({ field: tag.value >> 3, value: bytes.subarray(at, at + number.value) })
      at += number.value
    } else throw new NotWhole('protobuf')
  }
  return fields
}

function protobuf(fields: readonly Field[]): Uint8Array {
  return joined(
    fields.flatMap(({ field, value }) =>
      typeof value === 'number'
        ? [unsignedBytes(field * 8), unsignedBytes(value)]
        : [unsignedBytes(field * 8 + 2), unsignedBytes(value.length), value],
    ),
  )
}

function trailerOf(old: Uint8Array, message: Uint8Array): Uint8Array {
  const trailer = new Uint8Array(TRAILER)
  const start = joined([old.subarray(0, 8), unsignedBytes(message.length), message])
  trailer.set(start.subarray(0, TRAILER - 4))
  trailer.set(old.subarray(TRAILER - 4), TRAILER - 4)
  return trailer
}

function unsigned(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; ; i++) {
    const byte = bytes[at + i]
    if (byte === undefined || i > 9) throw new NotWhole('no varint')
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: at + i + 1 }
  }
}

function unsignedBytes(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
  return Uint8Array.from([...out, rest])
}

/** The Avro schema of the values, which Hudi keeps in the file info. */
function schemaOf(blocks: readonly Block[]): unknown {
  const info = blocks.find(({ magic }) => magic === 'FILEINF2')?.content
  if (info === undefined || utf8.decode(info.subarray(0, 4)) !== 'PBUF') return undefined
  try {
    const { value, end } = unsigned(info, 4)
    for (const pair of protobufFields(info.subarray(end, end + value))) {
      if (!(pair.value instanceof Uint8Array)) continue
      const [key, text] = protobufFields(pair.value).map(each => each.value)
      if (
        key instanceof Uint8Array &&
        utf8.decode(key) === 'schema' &&
        text instanceof Uint8Array
      ) {
        return JSON.parse(utf8.decode(text))
      }
    }
  } catch {
    // Another layout: values stay bytes.
  }
  return undefined
}

function entrySlots(content: Uint8Array, schema: unknown): readonly Slot[] {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const slots: Slot[] = []
  for (let at = 0; at < content.length; ) {
    if (at + 8 > content.length) throw new NotWhole('cut off')
    const key = view.getInt32(at)
    const value = view.getInt32(at + 4)
    const keyEnd = at + 8 + key
    const end = keyEnd + value
    if (key < 0 || value < 0 || end >= content.length) throw new NotWhole('cut off')
    slots.push(
      { path: 'key length', kind: 'int32', start: at, end: at + 4, text: String(key) },
      { path: 'value length', kind: 'int32', start: at + 4, end: at + 8, text: String(value) },
      {
        path: 'key',
        kind: 'fixed',
        start: at + 8,
        end: keyEnd,
        text: latin1.decode(content.subarray(at + 8, keyEnd)),
      },
    )
    const bytes = content.subarray(keyEnd, end)
    if (schema === undefined || value === 0) {
      slots.push({ path: 'value', kind: 'fixed', start: keyEnd, end, text: latin1.decode(bytes) })
    } else {
      for (const slot of avroSlots(bytes, { schema, count: 1, root: 'value' })) {
        slots.push({ ...slot, start: slot.start + keyEnd, end: slot.end + keyEnd })
      }
    }
    at = end + 1
  }
  return slots
}

function wholeSlot(bytes: Uint8Array): readonly Slot[] {
  return [{ path: 'all', kind: 'fixed', start: 0, end: bytes.length, text: latin1.decode(bytes) }]
}
