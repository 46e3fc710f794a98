import type { Random } from '@spillway/testkit'
import { anatomyOf } from './anatomy.js'
import { readContainer, writeContainer } from './avro-anatomy.js'
import { avroSlots } from './avro-slots.js'
import type { Anatomy } from './part.js'
import { joined, type Slot, splice } from './slots.js'

const encode = new TextEncoder()
const utf8 = new TextDecoder()

export interface Preserved {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The same said otherwise: whoever refuses one of these refuses too much. Undefined where a file has no such other way. */
export function sayOtherwise(
  path: string,
  bytes: Uint8Array,
  random: Random,
): Preserved | undefined {
  const anatomy = anatomyOf(path, bytes)
  const ways = waysOf(path, bytes, anatomy)
  if (ways.length === 0) return undefined
  const way = random.pick(ways)
  const changed = way.apply(random)
  return changed === undefined ? undefined : { name: way.name, bytes: changed }
}

interface Way {
  readonly name: string
  apply(random: Random): Uint8Array | undefined
}

function waysOf(path: string, bytes: Uint8Array, anatomy: Anatomy): readonly Way[] {
  const head = utf8.decode(bytes.subarray(0, 4))
  if (head === 'Obj\x01') return avroWays(bytes)
  const part = anatomy.parts[0]
  if (part === undefined) return []
  const ways: Way[] = []
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  if (gzip || head === 'DATA') {
    ways.push({
      name: 'compressed anew',
      apply: random => anatomy.assemble(0, part.bytes, { level: random.integer(0, 9) }),
    })
  }
  if (part.name === 'json' || part.name === 'lines') ways.push(...jsonWays(path, anatomy))
  if (part.name === 'properties') ways.push(...propertiesWays(bytes))
  if (head === 'PAR1') ways.push(...parquetWays(anatomy))
  return ways
}

function jsonWays(path: string, anatomy: Anatomy): readonly Way[] {
  const part = anatomy.parts[0]!
  const slots = part.slots(part.bytes)
  const rebuilt = (start: number, end: number, value: Uint8Array) =>
    anatomy.assemble(0, splice(part.bytes, [{ start, end, bytes: value }]))
  const values = slots.filter(({ kind }) => kind !== 'json-member')
  const delta = path.includes('/_delta_log/')
  return [
    { name: 'keys in another order', apply: random => reordered(anatomy, slots, random) },
    {
      name: 'white space',
      apply(random) {
        if (values.length === 0) return undefined
        const { end } = random.pick(values)
        return rebuilt(
          end,
          end,
          encode.encode(random.pick(part.name === 'lines' ? [' ', '\t'] : [' ', '\n', '\r\n\t'])),
        )
      },
    },
    {
      name: 'a character escaped',
      apply(random) {
        const texts = slots.filter(
          ({ kind, text }) => kind === 'json-string' && /^[ -!#-[\]-~]+$/.test(text),
        )
        if (texts.length === 0) return undefined
        const { start, end, text } = random.pick(texts)
        const raw = utf8.decode(part.bytes.subarray(start, end))
        if (raw !== `"${text}"`) return undefined
        const at = random.integer(0, text.length - 1)
        const code = text.charCodeAt(at).toString(16).padStart(4, '0')
        const escaped = `"${text.slice(0, at)}\\u${code}${text.slice(at + 1)}"`
        return rebuilt(start, end, encode.encode(escaped))
      },
    },
    {
      name: 'an unknown field',
      apply(random) {
        // Where the formats have objects of their own; maps of the user's are no place for it.
        const places = slots.filter(
          ({ kind, path: place }) =>
            kind === 'json-member' &&
            (delta
              ? /^\[\d+\]\.(add|remove|metaData|protocol|commitInfo)$/
              : /^(snapshots|schemas|partition-specs)\[\d+\]$/
            ).test(place),
        )
        if (places.length === 0) return undefined
        const { start, end } = random.pick(places)
        const brace = part.bytes.indexOf(0x7b, start)
        if (brace < 0 || brace >= end || part.bytes[brace + 1] === 0x7d) return undefined
        return rebuilt(brace + 1, brace + 1, encode.encode('"unknownToAll":{"a":[1,null,"x"]},'))
      },
    },
  ]
}

/** Two keys of one object change places. */
function reordered(
  anatomy: Anatomy,
  slots: readonly Slot[],
  random: Random,
): Uint8Array | undefined {
  const part = anatomy.parts[0]!
  const groups = new Map<string, Slot[]>()
  for (const slot of slots) {
    if (slot.kind !== 'json-member' || slot.path.endsWith(']')) continue
    const parent = slot.path.slice(0, Math.max(0, slot.path.lastIndexOf('.')))
    groups.set(parent, [...(groups.get(parent) ?? []), slot])
  }
  const several = [...groups.values()].filter(group => group.length > 1)
  if (several.length === 0) return undefined
  const group = random.pick(several)
  const [a, b] = [random.pick(group), random.pick(group)]
  if (a.end > b.start && b.end > a.start) return undefined
  const text = ({ start, end }: Slot) => part.bytes.subarray(start, end)
  return anatomy.assemble(
    0,
    splice(part.bytes, [
      { start: a.start, end: a.end, bytes: text(b) },
      { start: b.start, end: b.end, bytes: text(a) },
    ]),
  )
}

function propertiesWays(bytes: Uint8Array): readonly Way[] {
  const text = utf8.decode(bytes)
  const said = (name: string, change: (text: string) => string): Way => ({
    name,
    apply: () => encode.encode(change(text)),
  })
  return [
    said('a comment', each => `#said otherwise\n${each}`),
    said(
      'an unknown field',
      each => `${each.endsWith('\n') ? each : `${each}\n`}unknown.to.all=1\n`,
    ),
    said('white space', each => each.replaceAll('=', ' = ').replace(/^#.*$/gm, '#')),
  ]
}

function avroWays(bytes: Uint8Array): readonly Way[] {
  const container = readContainer(bytes)
  const schema = JSON.parse(
    utf8.decode(container.metadata.find(([key]) => key === 'avro.schema')![1]),
  )
  return [
    {
      name: 'compressed anew',
      apply: random => writeContainer(container, { level: random.integer(0, 9) }),
    },
    {
      name: 'another codec',
      apply(random) {
        const codec = random.pick(['null', 'deflate', 'snappy', 'zstandard'])
        const others = container.metadata.filter(([key]) => key !== 'avro.codec')
        const metadata = [...others, ['avro.codec', encode.encode(codec)] as const]
        return writeContainer({ ...container, metadata, codec })
      },
    },
    {
      name: 'an unknown field',
      apply: () =>
        writeContainer({
          ...container,
          metadata: [...container.metadata, ['unknown.to.all', encode.encode('{}')] as const],
        }),
    },
    {
      name: 'a row a block',
      apply: () =>
        writeContainer({
          ...container,
          blocks: container.blocks.flatMap(({ count, payload }) =>
            rowEnds(payload, { schema, count: Number(count) }).map(([start, end]) => ({
              count: 1n,
              payload: payload.subarray(start, end),
            })),
          ),
        }),
    },
    {
      name: 'an empty block',
      apply: () =>
        writeContainer({
          ...container,
          blocks: [...container.blocks, { count: 0n, payload: new Uint8Array(0) }],
        }),
    },
    {
      name: 'blocks joined',
      apply: () =>
        writeContainer({
          ...container,
          blocks:
            container.blocks.length === 0
              ? []
              : [
                  {
                    count: container.blocks.reduce((sum, { count }) => sum + count, 0n),
                    payload: joined(container.blocks.map(({ payload }) => payload)),
                  },
                ],
        }),
    },
  ]
}

/** Where each row of a block begins and ends. */
function rowEnds(
  payload: Uint8Array,
  { schema, count }: { schema: unknown; count: number },
): readonly (readonly [number, number])[] {
  const ends = new Map<string, number>()
  for (const { path, end } of avroSlots(payload, { schema, count })) {
    ends.set(/^\[\d+\]/.exec(path)![0], end)
  }
  let start = 0
  return [...ends.values()].map(end => {
    const row = [start, end] as const
    start = end
    return row
  })
}

function parquetWays(anatomy: Anatomy): readonly Way[] {
  const footer = anatomy.parts[0]!
  const ways: Way[] = [
    {
      name: 'an unknown field',
      // Field 200, an i32, before the end of the footer's struct.
      apply: () =>
        anatomy.assemble(
          0,
          joined([footer.bytes.subarray(0, -1), Uint8Array.of(0x05, 0x90, 0x03, 0x0e, 0x00)]),
        ),
    },
  ]
  const pages = [...anatomy.parts.keys()].filter(index => index > 0 && index % 2 === 0)
  if (pages.length > 0) {
    ways.push({
      name: 'a page compressed anew',
      apply(random) {
        const index = random.pick(pages)
        return anatomy.assemble(index, anatomy.parts[index]!.bytes)
      },
    })
  }
  return ways
}
