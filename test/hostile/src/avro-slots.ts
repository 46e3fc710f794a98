import { NotWhole, type Slot, type SlotKind } from './slots.js'

interface Definition {
  readonly type?: unknown
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[]
  readonly items?: unknown
  readonly values?: unknown
  readonly size?: number
  readonly symbols?: readonly string[]
}

const latin1 = new TextDecoder('latin1')

/** Slots of `count` values of an Avro schema in binary encoding (Avro 1.12, "Binary Encoding"). */
export function avroSlots(
  bytes: Uint8Array,
  { schema, count, root = '' }: { schema: unknown; count: number; root?: string },
): readonly Slot[] {
  const walker = new AvroWalker(bytes)
  for (let row = 0; row < count; row++) {
    if (row > bytes.length + 1) throw new NotWhole(`${count} rows in ${bytes.length} bytes`)
    walker.value(schema, `${root}[${row}]`, '')
  }
  walker.end()
  return walker.slots
}

/** A zigzag varint at `at`, and where it ends. */
export function readVarint(bytes: Uint8Array, at: number): { value: bigint; end: number } {
  let value = 0n
  for (let shift = 0n, i = at; ; shift += 7n, i++) {
    const byte = bytes[i]
    if (byte === undefined || shift > 63n) throw new NotWhole(`byte ${at}: no varint`)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) {
      const unsigned = BigInt.asUintN(64, value)
      return { value: (unsigned >> 1n) ^ -(unsigned & 1n), end: i + 1 }
    }
  }
}

export function varint(value: bigint): Uint8Array {
  const out: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
  out.push(Number(rest))
  return Uint8Array.from(out)
}

class AvroWalker {
  readonly slots: Slot[] = []
  readonly #bytes: Uint8Array
  readonly #named = new Map<string, Definition>()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new NotWhole('bytes after the last value')
  }

  value(schema: unknown, path: string, namespace: string): void {
    if (this.slots.length > 2_000_000) throw new NotWhole('too many values')
    if (Array.isArray(schema)) this.#union(schema, path, namespace)
    else if (typeof schema === 'string') this.#name(schema, path, namespace)
    else if (typeof (schema as Definition)?.type !== 'string') {
      this.value((schema as Definition)?.type, path, namespace)
    } else this.#complex(schema as Definition, path, namespace)
  }

  #complex(definition: Definition, path: string, namespace: string): void {
    const space = definition.namespace ?? namespace
    if (definition.name !== undefined) this.#named.set(fullName(definition.name, space), definition)
    switch (definition.type) {
      case 'record':
        for (const field of definition.fields ?? []) {
          this.value(field.type, `${path}.${field.name}`, space)
        }
        return
      case 'array':
        this.#items(path, place => this.value(definition.items, place, space))
        return
      case 'map':
        this.#items(path, place => {
          this.#bytesSlot(`${place}.key`)
          this.value(definition.values, `${place}.value`, space)
        })
        return
      case 'fixed':
        this.#take('fixed', path, definition.size ?? 0)
        return
      case 'enum':
        this.#varintSlot(path)
        return
      default:
        this.#name(definition.type as string, path, space)
    }
  }

  #name(name: string, path: string, namespace: string): void {
    switch (name) {
      case 'null':
        return
      case 'boolean':
        this.#take('byte', path, 1)
        return
      case 'int':
      case 'long':
        this.#varintSlot(path)
        return
      case 'float':
        this.#take('float', path, 4)
        return
      case 'double':
        this.#take('double', path, 8)
        return
      case 'bytes':
      case 'string':
        this.#bytesSlot(path)
        return
      default: {
        const known = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
        if (known === undefined) throw new NotWhole(`an unknown type ${name}`)
        this.value(known, path, namespace)
      }
    }
  }

  #union(branches: readonly unknown[], path: string, namespace: string): void {
    const branch = this.#varintSlot(`${path}#branch`)
    const chosen = branches[Number(branch)]
    if (chosen === undefined) throw new NotWhole(`branch ${branch}`)
    this.value(chosen, path, namespace)
  }

  #items(path: string, item: (place: string) => void): void {
    for (let index = 0; ; ) {
      let count = this.#varintSlot(`${path}#count`)
      if (count === 0n) return
      if (count < 0n) {
        count = -count
        this.#varintSlot(`${path}#bytes`)
      }
      if (count > BigInt(this.#bytes.length)) throw new NotWhole(`${count} items`)
      for (let i = 0n; i < count; i++) item(`${path}[${index++}]`)
    }
  }

  #varintSlot(path: string): bigint {
    const start = this.#at
    const { value, end } = readVarint(this.#bytes, start)
    this.#at = end
    this.slots.push({ path, kind: 'varint', start, end, text: String(value) })
    return value
  }

  #bytesSlot(path: string): void {
    const start = this.#at
    const { value, end } = readVarint(this.#bytes, start)
    if (value < 0n || value > BigInt(this.#bytes.length - end)) throw new NotWhole('a text cut off')
    this.#at = end + Number(value)
    const text = latin1.decode(this.#bytes.subarray(end, this.#at))
    this.slots.push({ path, kind: 'varbytes', start, end: this.#at, text })
  }

  #take(kind: SlotKind, path: string, length: number): void {
    const start = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw new NotWhole('cut off')
    const text = latin1.decode(this.#bytes.subarray(start, this.#at))
    this.slots.push({ path, kind, start, end: this.#at, text })
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}
