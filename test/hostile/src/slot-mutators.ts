import type { Random } from '@spillway/testkit'
import { varint } from './avro-slots.js'
import { joined, type Slot, splice } from './slots.js'

const encode = new TextEncoder()

export interface SlotMutation {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Another value in one place of a document that stays whole: a value changed, of another type, gone, twice. */
export function mutateSlot(
  bytes: Uint8Array,
  { slot, slots, random }: { slot: Slot; slots: readonly Slot[]; random: Random },
): SlotMutation {
  const with_ = (name: string, value: Uint8Array): SlotMutation => ({
    name,
    bytes: splice(bytes, [{ start: slot.start, end: slot.end, bytes: value }]),
  })
  switch (slot.kind) {
    case 'json-number':
    case 'json-string':
    case 'json-literal':
      return with_(...jsonValue(slot, random))
    case 'json-member':
      return member(bytes, { slot, slots, random })
    case 'varint':
    case 'thrift-int':
      return with_('integer made extreme', varint(integer(slot.text, random)))
    case 'varbytes':
      return with_(...lengthBefore(slot, random, length => varint(BigInt(length))))
    case 'thrift-binary':
      return with_(...lengthBefore(slot, random, unsigned))
    case 'byte':
      return with_('byte replaced', Uint8Array.of(random.integer(0, 255)))
    case 'float':
    case 'double':
      return with_('float made extreme', float(slot.end - slot.start, random))
    case 'int32':
      return with_('integer made extreme', int32(slot, bytes, random))
    case 'int64':
    case 'fixed':
      return with_('bytes changed', changedBytes(bytes.subarray(slot.start, slot.end), random))
    case 'text':
      return with_('text changed', encode.encode(otherText(slot.text, random)))
  }
}

const NUMBERS = [
  '0',
  '-1',
  '1',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '1e400',
  '0.5',
  '1E2',
]

function jsonValue(slot: Slot, random: Random): readonly [string, Uint8Array] {
  if (random.chance(0.3)) {
    const other = random.pick(['null', 'true', '[]', '{}', '"x"', '7', '""', '[null]'])
    return ['type swapped', encode.encode(other)]
  }
  if (slot.kind === 'json-string') {
    return ['text changed', encode.encode(JSON.stringify(otherText(slot.text, random)))]
  }
  if (slot.kind === 'json-literal') {
    return ['literal swapped', encode.encode(random.pick(['true', 'false', 'null']))]
  }
  const near = random.chance(0.4) && /^-?\d{1,15}$/.test(slot.text)
  const value = near ? String(Number(slot.text) + random.pick([-1, 1])) : random.pick(NUMBERS)
  return ['number changed', encode.encode(value)]
}

function member(
  bytes: Uint8Array,
  { slot, slots, random }: { slot: Slot; slots: readonly Slot[]; random: Random },
): SlotMutation {
  const text = bytes.subarray(slot.start, slot.end)
  // A line, or a line of properties, ends in its own newline; anything else has commas around it.
  if (text.at(-1) === 0x0a) {
    if (random.chance(0.5)) {
      return { name: 'line removed', bytes: splice(bytes, [{ ...slot, bytes: new Uint8Array(0) }]) }
    }
    return { name: 'line twice', bytes: splice(bytes, [{ ...slot, bytes: joined([text, text]) }]) }
  }
  const comma = Uint8Array.of(0x2c)
  if (random.chance(0.3)) {
    return {
      name: 'member twice',
      bytes: splice(bytes, [{ ...slot, bytes: joined([text, comma, text]) }]),
    }
  }
  const other = random.pick(slots.filter(each => each.kind === 'json-member'))
  if (random.chance(0.3) && (other.end <= slot.start || other.start >= slot.end)) {
    const piece = bytes.subarray(other.start, other.end)
    return { name: 'member copied', bytes: splice(bytes, [{ ...slot, bytes: piece }]) }
  }
  let { start, end } = slot
  while (isSpace(bytes[end])) end++
  if (bytes[end] === 0x2c) end++
  else {
    while (isSpace(bytes[start - 1])) start--
    if (bytes[start - 1] === 0x2c) start--
  }
  return {
    name: 'member removed',
    bytes: splice(bytes, [{ start, end, bytes: new Uint8Array(0) }]),
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 40n,
  2n ** 63n - 1n,
  -(2n ** 63n),
]

function integer(text: string, random: Random): bigint {
  if (random.chance(0.4)) return BigInt.asIntN(64, BigInt(text) + BigInt(random.pick([-1, 1])))
  return random.pick(INTEGERS)
}

function int32(slot: Slot, bytes: Uint8Array, random: Random): Uint8Array {
  const value = Number(BigInt.asIntN(32, random.pick(INTEGERS)))
  const near = random.chance(0.4)
  const view = new DataView(new ArrayBuffer(4))
  const old = bytes.slice(slot.start, slot.end)
  if (!near || old.length < 4) {
    view.setInt32(0, value, random.chance(0.5))
    return new Uint8Array(view.buffer)
  }
  old[random.pick([0, 3])]! ^= 1
  return old
}

function lengthBefore(
  slot: Slot,
  random: Random,
  length: (length: number) => Uint8Array,
): readonly [string, Uint8Array] {
  const old = Buffer.from(slot.text, 'latin1')
  if (random.chance(0.25)) {
    const lie = random.pick([old.length + 1, old.length - 1, 0, 2 ** 31 - 1, 2 ** 32])
    return ['length made wrong', joined([length(Math.max(0, lie)), old])]
  }
  const value = Buffer.from(otherText(slot.text, random), 'latin1')
  return ['text changed', joined([length(value.length), value])]
}

function unsigned(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
  return Uint8Array.from([...out, rest])
}

function otherText(text: string, random: Random): string {
  const at = random.integer(0, Math.max(0, text.length - 1))
  switch (random.integer(0, 6)) {
    case 0:
      return ''
    case 1:
      return `${text}x`
    case 2:
      return text.slice(0, at)
    case 3:
      return (
        text.slice(0, at) +
        random.pick(['0', 'a', '/', '%2F', '..', '\u0000', 'é', '"']) +
        text.slice(at + 1)
      )
    case 4:
      return random.pick([
        '/etc/passwd',
        '../../x',
        'file:///etc/passwd',
        's3://other/x',
        'null',
        '-1',
      ])
    case 5:
      return text.replace(/\d/, digit => String((Number(digit) + 1) % 10))
    default:
      return 'x'.repeat(random.pick([1, 100, 5000]))
  }
}

function float(width: number, random: Random): Uint8Array {
  const value = random.pick([0, -0, 1, -1, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE])
  const view = new DataView(new ArrayBuffer(width))
  if (width === 4) view.setFloat32(0, value, true)
  else if (width === 8) view.setFloat64(0, value, true)
  return new Uint8Array(view.buffer)
}

function changedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice()
  if (copy.length > 0) copy[random.integer(0, copy.length - 1)]! ^= 1 << random.integer(0, 7)
  return copy
}
