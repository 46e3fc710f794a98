const TYPE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

export type ThriftListType = 'i32' | 'binary' | 'struct'

const utf8 = new TextEncoder()

/** Writes Thrift's compact protocol: fields of a struct in ascending order, begun and ended by the caller. */
export class ThriftWriter {
  readonly #bytes: number[] = []
  readonly #last: number[] = [0]

  /** A struct as field `id`. */
  begin(id: number): this {
    return this.#field(id, TYPE.struct).open()
  }

  /** A struct as the next member of a list. */
  open(): this {
    this.#last.push(0)
    return this
  }

  end(): this {
    this.#last.pop()
    this.#bytes.push(0)
    return this
  }

  /** An empty struct as field `id`: a member of a union that says nothing more. */
  empty(id: number): this {
    return this.begin(id).end()
  }

  boolean(id: number, value: boolean): this {
    return this.#field(id, value ? TYPE.true : TYPE.false)
  }

  int(id: number, value: number, type: 'i32' | 'i64' = 'i32'): this {
    return this.#field(id, TYPE[type]).#zigzag(value)
  }

  bytes(id: number, value: string | Uint8Array): this {
    return this.#field(id, TYPE.binary).#raw(value)
  }

  list(id: number, type: ThriftListType, size: number): this {
    this.#field(id, TYPE.list)
    if (size < 15) this.#bytes.push((size << 4) | TYPE[type])
    else {
      this.#bytes.push(0xf0 | TYPE[type])
      this.#varint(size)
    }
    return this
  }

  ints(id: number, values: readonly number[]): this {
    this.list(id, 'i32', values.length)
    for (const value of values) this.#zigzag(value)
    return this
  }

  texts(id: number, values: readonly string[]): this {
    this.list(id, 'binary', values.length)
    for (const value of values) this.#raw(value)
    return this
  }

  /** The bytes of the outermost struct. */
  finish(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0])
  }

  #field(id: number, type: number): this {
    const top = this.#last.length - 1
    const delta = id - this.#last[top]!
    this.#last[top] = id
    if (delta > 0 && delta < 16) this.#bytes.push((delta << 4) | type)
    else {
      this.#bytes.push(type)
      this.#zigzag(id)
    }
    return this
  }

  #raw(value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? utf8.encode(value) : value
    this.#varint(bytes.length)
    for (const byte of bytes) this.#bytes.push(byte)
    return this
  }

  #zigzag(value: number): this {
    return this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varint(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) | 0x80)
    this.#bytes.push(rest)
    return this
  }
}
