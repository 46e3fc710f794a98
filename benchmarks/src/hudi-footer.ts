const TYPE = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const
const INT64 = 2

/** Thrift's compact protocol, as much as a Parquet footer of one column needs. */
class Compact {
  readonly #bytes: number[] = []
  readonly #last: number[] = [0]

  begin(id: number): this {
    return this.#field(id, TYPE.struct).open()
  }

  open(): this {
    this.#last.push(0)
    return this
  }

  end(): this {
    this.#last.pop()
    this.#bytes.push(0)
    return this
  }

  int(id: number, value: number, type: 'i32' | 'i64' = 'i32'): this {
    return this.#field(id, TYPE[type]).#varint(value * 2)
  }

  text(id: number, value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
    this.#field(id, TYPE.binary).#varint(bytes.length)
    this.#bytes.push(...bytes)
    return this
  }

  list(id: number, type: keyof typeof TYPE, size: number): this {
    this.#field(id, TYPE.list)
    this.#bytes.push((size << 4) | TYPE[type])
    return this
  }

  raw(...bytes: number[]): this {
    this.#bytes.push(...bytes)
    return this
  }

  finish(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0])
  }

  #field(id: number, type: number): this {
    const top = this.#last.length - 1
    this.#bytes.push(((id - this.#last[top]!) << 4) | type)
    this.#last[top] = id
    return this
  }

  #varint(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) | 0x80)
    this.#bytes.push(rest)
    return this
  }
}

/** A Parquet file of one required column `id` between two bounds, without pages: planning reads footers alone. */
export function idFile(least: number, greatest: number): Uint8Array {
  const rows = greatest - least + 1
  const footer = new Compact().int(1, 2).list(2, 'struct', 2)
  footer.open().text(4, 'root').int(5, 1).end()
  footer.open().int(1, INT64).int(3, 0).text(4, 'id').end()
  footer.int(3, rows, 'i64').list(4, 'struct', 1)
  footer.open().list(1, 'struct', 1)
  footer.open().int(2, 4, 'i64').begin(3)
  footer.int(1, INT64).list(2, 'i32', 1).raw(0).list(3, 'binary', 1).raw(2, 0x69, 0x64)
  footer
    .int(4, 0)
    .int(5, rows, 'i64')
    .int(6, rows * 8, 'i64')
    .int(7, rows * 8, 'i64')
    .int(9, 4, 'i64')
  footer.begin(12).int(3, 0, 'i64').text(5, int64(greatest)).text(6, int64(least)).end()
  footer.end().end()
  footer
    .int(2, rows * 8, 'i64')
    .int(3, rows, 'i64')
    .end()
  footer.list(7, 'struct', 1).open().begin(1).end().end()
  const bytes = footer.finish()
  const out = new Uint8Array(12 + bytes.length)
  out.set([0x50, 0x41, 0x52, 0x31])
  out.set(bytes, 4)
  new DataView(out.buffer).setUint32(4 + bytes.length, bytes.length, true)
  out.set([0x50, 0x41, 0x52, 0x31], 8 + bytes.length)
  return out
}

function int64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true)
  return bytes
}
