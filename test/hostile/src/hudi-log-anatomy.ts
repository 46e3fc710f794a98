import type { Anatomy, Part } from './part.js'
import { joined, NotWhole, type Slot } from './slots.js'

const latin1 = new TextDecoder('latin1')

interface Block {
  readonly start: number
  readonly end: number
  readonly contentStart: number
  readonly contentEnd: number
}

/** A Hudi log file (tech spec, "Log file format"): the header, content and footer of every block. */
export function hudiLogAnatomy(bytes: Uint8Array): Anatomy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks: Block[] = []
  for (let start = 0; start < bytes.length; ) {
    const block = readBlock(bytes, view, start)
    blocks.push(block)
    start = block.end
  }
  const parts: Part[] = blocks.flatMap(({ start, contentStart, contentEnd }, index) => [
    {
      name: `header ${index}`,
      bytes: bytes.subarray(start + 14, contentStart - 8),
      slots: headerSlots,
    },
    {
      name: `content ${index}`,
      bytes: bytes.subarray(contentStart, contentEnd),
      slots: contentSlots,
    },
  ])
  return {
    parts,
    assemble(index, changed) {
      const block = blocks[index >> 1]!
      const { start, end, contentStart, contentEnd } = block
      const header = index % 2 === 0 ? changed : bytes.subarray(start + 14, contentStart - 8)
      const content = index % 2 === 1 ? changed : bytes.subarray(contentStart, contentEnd)
      const footer = bytes.subarray(contentEnd, end - 8)
      const length = header.length + 8 + content.length + footer.length + 8
      return joined([
        bytes.subarray(0, start + 6),
        int64(length),
        header,
        int64(content.length),
        content,
        footer,
        int64(length + 6),
        bytes.subarray(end),
      ])
    },
  }
}

function readBlock(bytes: Uint8Array, view: DataView, start: number): Block {
  try {
    if (latin1.decode(bytes.subarray(start, start + 6)) !== '#HUDI#') throw new NotWhole('magic')
    const length = Number(view.getBigInt64(start + 6))
    const end = start + 14 + length
    if (end > bytes.length || Number(view.getBigInt64(end - 8)) !== length + 6) {
      throw new NotWhole('lengths')
    }
    let at = start + 14 + 8
    const count = view.getInt32(at)
    at += 4
    for (let i = 0; i < count; i++) at += 8 + view.getInt32(at + 4)
    const contentEnd = at + 8 + Number(view.getBigInt64(at))
    if (contentEnd > end - 8) throw new NotWhole('content')
    return { start, end, contentStart: at + 8, contentEnd }
  } catch (cause) {
    throw cause instanceof NotWhole ? cause : new NotWhole('cut off', { cause })
  }
}

/** Version, type, and the entries by number. */
function headerSlots(bytes: Uint8Array): readonly Slot[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const slots: Slot[] = []
  const int = (path: string, at: number) => {
    slots.push({
      path,
      kind: 'int32',
      start: at,
      end: at + 4,
      text: String(view.getInt32(at)),
    })
    return view.getInt32(at)
  }
  try {
    int('version', 0)
    int('type', 4)
    const count = int('entries', 8)
    let at = 12
    for (let i = 0; i < count; i++) {
      const key = int('key', at)
      const length = int(`header ${key} length`, at + 4)
      const end = at + 8 + length
      if (length < 0 || end > bytes.length) throw new NotWhole('cut off')
      const text = latin1.decode(bytes.subarray(at + 8, end))
      slots.push({ path: `header ${key}`, kind: 'text', start: at + 8, end, text })
      at = end
    }
    if (at !== bytes.length) throw new NotWhole('bytes after the header')
  } catch (cause) {
    throw new NotWhole('cut off', { cause })
  }
  return slots
}

/** The numbers at the start of a content, and the rest as one. */
function contentSlots(bytes: Uint8Array): readonly Slot[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const slots: Slot[] = []
  for (const [path, at] of [
    ['content version', 0],
    ['content count', 4],
    ['first length', 8],
  ] as const) {
    if (at + 4 > bytes.length) break
    const text = String(view.getInt32(at))
    slots.push({ path, kind: 'int32', start: at, end: at + 4, text })
  }
  const rest = Math.min(bytes.length, 12)
  const text = latin1.decode(bytes.subarray(rest))
  return [...slots, { path: 'records', kind: 'fixed', start: rest, end: bytes.length, text }]
}

function int64(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, BigInt(value))
  return new Uint8Array(view.buffer)
}
