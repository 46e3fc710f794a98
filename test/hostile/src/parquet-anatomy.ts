import { snappyLength } from './avro-anatomy.js'
import { varint } from './avro-slots.js'
import { type Codec, compress, crc32Of, decompress } from './compress.js'
import type { Anatomy, Part } from './part.js'
import { type Edit, joined, NotWhole, type Slot, splice } from './slots.js'
import { thriftSlots } from './thrift-slots.js'

const latin1 = new TextDecoder('latin1')
const CODECS: readonly (Codec | undefined)[] = [
  'none',
  'snappy',
  'gzip',
  undefined,
  'brotli',
  'lz4_hadoop',
  'zstd',
  'lz4_raw',
]

interface Page {
  readonly column: string
  readonly chunk: string
  readonly codec: Codec
  readonly start: number
  readonly bodyStart: number
  readonly end: number
  /** Places count from the page's start. */
  readonly header: readonly Slot[]
  readonly headerBytes: Uint8Array
  /** Bytes of levels before the compressed values (data pages of version 2). */
  readonly levels: number
  readonly body: Uint8Array
}

interface Footer {
  readonly start: number
  readonly bytes: Uint8Array
  readonly slots: readonly Slot[]
}

/** A Parquet file: its footer, and of every page the header and what it holds decompressed. */
export function parquetAnatomy(bytes: Uint8Array): Anatomy {
  const footer = readFooter(bytes)
  const pages = readPages(bytes, footer)
  const parts: Part[] = [
    { name: 'footer', bytes: footer.bytes, slots: footerSlots },
    ...pages.flatMap(page => [
      {
        name: `page header of ${page.column}`,
        bytes: bytes.subarray(page.start, page.bodyStart),
        slots: (changed: Uint8Array) => (changed.length === 0 ? [] : footerSlots(changed)),
      },
      { name: `page of ${page.column}`, bytes: page.body, slots: pageSlots },
    ]),
  ]
  return {
    parts,
    assemble(index, changed) {
      if (index === 0) return joined([bytes.subarray(0, footer.start), tail(changed)])
      const page = pages[(index - 1) >> 1]!
      const whole = index % 2 === 1 ? withHeader(bytes, page, changed) : repaged(page, changed)
      const moved = whole.length - (page.end - page.start)
      const edits = footerEdits(footer, page, moved)
      return joined([
        bytes.subarray(0, page.start),
        whole,
        bytes.subarray(page.end, footer.start),
        tail(splice(footer.bytes, edits)),
      ])
    },
  }
}

function withHeader(bytes: Uint8Array, page: Page, header: Uint8Array): Uint8Array {
  return joined([header, bytes.subarray(page.bodyStart, page.end)])
}

function readFooter(bytes: Uint8Array): Footer {
  if (bytes.length < 12 || latin1.decode(bytes.subarray(-4)) !== 'PAR1') {
    throw new NotWhole('no Parquet file')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = bytes.length - 8 - view.getUint32(bytes.length - 8, true)
  if (start < 4) throw new NotWhole('a footer longer than the file')
  const footer = bytes.subarray(start, -8)
  return { start, bytes: footer, slots: footerSlots(footer) }
}

function footerSlots(bytes: Uint8Array): readonly Slot[] {
  const { slots, end } = thriftSlots(bytes)
  if (end !== bytes.length) throw new NotWhole('bytes after the footer')
  return slots
}

function readPages(bytes: Uint8Array, { slots, start }: Footer): readonly Page[] {
  const values = new Map(slots.map(slot => [slot.path, slot.text]))
  const pages: Page[] = []
  for (const slot of slots) {
    const chunk = /^(4\[\d+\]\.1\[\d+\]\.3)\.9$/.exec(slot.path)?.[1]
    if (chunk === undefined) continue
    // A chunk of no values has no pages, wherever it says that they are.
    if (Number(values.get(`${chunk}.5`)) === 0) continue
    const codec = CODECS[Number(values.get(`${chunk}.4`))]
    if (codec === undefined) throw new NotWhole('a codec that the bench does not know')
    const path: string[] = []
    for (let i = 0; values.has(`${chunk}.3[${i}]`); i++) path.push(values.get(`${chunk}.3[${i}]`)!)
    const dictionary = Number(values.get(`${chunk}.11`) ?? 0)
    const data = Number(slot.text)
    const first = dictionary > 0 ? Math.min(dictionary, data) : data
    const end = first + Number(values.get(`${chunk}.7`))
    if (!(first >= 4 && end <= start)) throw new NotWhole('pages outside the file')
    pages.push(...readChunk(bytes, { first, end }, { codec, column: path.join('.'), chunk }))
  }
  return pages.sort((a, b) => a.start - b.start)
}

/** Of a chunk that cannot be taken apart the first page is all of it, by a name of its own: readers may leave it unread. */
function readChunk(
  bytes: Uint8Array,
  { first, end }: { readonly first: number; readonly end: number },
  of: { readonly codec: Codec; readonly column: string; readonly chunk: string },
): readonly Page[] {
  try {
    const pages: Page[] = []
    for (let at = first; at < end; at = pages.at(-1)!.end) pages.push(readPage(bytes, at, of))
    return pages
  } catch (error) {
    if (!(error instanceof NotWhole)) throw error
    const body = bytes.subarray(first, end)
    const column = `${of.column}, which is damaged`
    const nothing = { header: [], headerBytes: new Uint8Array(), levels: 0 }
    return [{ ...of, ...nothing, codec: 'none', column, start: first, bodyStart: first, end, body }]
  }
}

function readPage(
  bytes: Uint8Array,
  start: number,
  { codec, column, chunk }: { codec: Codec; column: string; chunk: string },
): Page {
  const { slots: header, end: length } = thriftSlots(bytes.subarray(start))
  const bodyStart = start + length
  const numbers = new Map(header.map(slot => [slot.path, Number(slot.text)]))
  const size = numbers.get('2') ?? -1
  const end = bodyStart + (numbers.get('3') ?? -1)
  if (end < bodyStart || end > bytes.length) throw new NotWhole('a page cut off')
  const levels = (numbers.get('8.5') ?? 0) + (numbers.get('8.6') ?? 0)
  const stored = bytes.subarray(bodyStart, end)
  // A bool of a struct is told by its type: 2 is false.
  const open = codec === 'none' || numbers.get('8.7#field') === 2
  const body = open
    ? stored
    : joined([
        stored.subarray(0, levels),
        stored.length === levels
          ? new Uint8Array(0)
          : decompress(codec, stored.subarray(levels), sizeOf(codec, stored, levels, size)),
      ])
  return {
    column,
    chunk,
    codec: open ? 'none' : codec,
    start,
    bodyStart,
    end,
    header,
    headerBytes: bytes.subarray(start, bodyStart),
    levels,
    body,
  }
}

function sizeOf(codec: Codec, stored: Uint8Array, levels: number, size: number): number {
  return codec === 'snappy' ? snappyLength(stored.subarray(levels)) : size - levels
}

/** A page with another content: sizes and the checksum in its header follow. */
function repaged(page: Page, content: Uint8Array): Uint8Array {
  const levels = Math.min(page.levels, content.length)
  const stored = joined([
    content.subarray(0, levels),
    compress(page.codec, content.subarray(levels)),
  ])
  // Of a page that has a checksum it covers what is stored, as a signed number.
  const sizes: Readonly<Record<string, number>> = {
    2: content.length,
    3: stored.length,
    4: crc32Of(stored) | 0,
  }
  const edits = page.header.flatMap(({ path, start, end }) =>
    sizes[path] === undefined ? [] : [{ start, end, bytes: varint(BigInt(sizes[path])) }],
  )
  return joined([splice(page.headerBytes, edits), stored])
}

/** Lengths of the chunk, and the places of what lies behind the page. */
function footerEdits({ slots }: Footer, page: Page, moved: number): readonly Edit[] {
  const edits: Edit[] = []
  for (const { path, kind, start, end, text } of slots) {
    if (kind !== 'thrift-int') continue
    const grows = path === `${page.chunk}.7`
    const place = /^4\[\d+\](\.5|\.1\[\d+\]\.(2|4|6|3\.(9|10|11)))$/.test(path)
    if (!grows && !(place && Number(text) > page.start)) continue
    edits.push({ start, end, bytes: varint(BigInt(text) + BigInt(moved)) })
  }
  return edits
}

function tail(footer: Uint8Array): Uint8Array {
  const end = new DataView(new ArrayBuffer(8))
  end.setUint32(0, footer.length, true)
  end.setUint32(4, 0x50415231)
  return joined([footer, new Uint8Array(end.buffer)])
}

function pageSlots(bytes: Uint8Array): readonly Slot[] {
  const text = latin1.decode(bytes)
  return [{ path: 'values', kind: 'fixed', start: 0, end: bytes.length, text }]
}
