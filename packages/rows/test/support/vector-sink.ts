import { BytesBuilder, type Column, grown, type PhysicalKind, TableError } from '@spillway/core'

/** Takes the rows of one column, chunk by chunk. */
export interface RowSink {
  add(vector: unknown, rows: number): void
  finish(): { readonly column: Column; readonly offsets?: Int32Array }
}

/** What DuckDB's vectors have in common; the buffers are not in their public types, so each use checks. */
interface AnyVector {
  readonly items?: unknown
  readonly validity?: { readonly data?: unknown; readonly offset?: unknown }
  getItem(row: number): unknown
  getItemBytes?(row: number): Uint8Array | null
}

type FixedArray = Int32Array | Float64Array | BigInt64Array

export function columnSink(kind: PhysicalKind): RowSink {
  return kind === 'bytes' ? new BytesSink() : new FixedSink(kind)
}

/** Values of lists, with the offsets of their rows; a null list is an empty one. */
export function listSink(kind: PhysicalKind): RowSink {
  return new ListSink(columnSink(kind))
}

class FixedSink implements RowSink {
  readonly #kind: 'int32' | 'float64' | 'int64'
  #values: FixedArray
  #validity: Uint8Array | undefined
  #length = 0

  constructor(kind: 'int32' | 'float64' | 'int64') {
    this.#kind = kind
    this.#values = allocate(kind, 1 << 16)
  }

  add(given: unknown, rows: number): void {
    const vector = given as AnyVector
    this.#reserve(rows)
    const { items } = vector
    if (ArrayBuffer.isView(items) && items.constructor === this.#values.constructor) {
      this.#values.set((items as FixedArray).subarray(0, rows) as never, this.#length)
      this.#addValidity(vector, rows)
    } else {
      this.#addItems(vector, rows)
    }
    this.#length += rows
  }

  /** A bit a row, in words of 64; absent where every row has a value. */
  #addValidity(vector: AnyVector, rows: number): void {
    const { data, offset } = vector.validity ?? {}
    if (data === null || data === undefined) {
      if (this.#validity !== undefined) for (let row = 0; row < rows; row++) this.#setValid(row)
      return
    }
    if (!(data instanceof BigUint64Array) || offset !== 0) throw unknownVector()
    const bits = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#startValidity()
    for (let row = 0; row < rows; row++) {
      if ((bits[row >> 3]! & (1 << (row & 7))) !== 0) this.#setValid(row)
    }
  }

  #addItems(vector: AnyVector, rows: number): void {
    this.#startValidity()
    for (let row = 0; row < rows; row++) {
      const value = vector.getItem(row)
      if (value === null) continue
      this.#setValid(row)
      this.#values[this.#length + row] = (
        this.#kind === 'int64' ? BigInt(value as bigint) : Number(value)
      ) as never
    }
  }

  /** From the first null on every row has its bit; those before have a value. */
  #startValidity(): void {
    if (this.#validity !== undefined) return
    this.#validity = new Uint8Array((this.#values.length + 7) >> 3)
    for (let row = 0; row < this.#length; row++) this.#validity[row >> 3]! |= 1 << (row & 7)
  }

  #setValid(row: number): void {
    const at = this.#length + row
    this.#validity![at >> 3]! |= 1 << (at & 7)
  }

  #reserve(rows: number): void {
    if (this.#length + rows <= this.#values.length) return
    const capacity = Math.max(this.#length + rows, this.#values.length * 2)
    const values = allocate(this.#kind, capacity)
    values.set(this.#values as never)
    this.#values = values
    if (this.#validity === undefined) return
    const validity = new Uint8Array((capacity + 7) >> 3)
    validity.set(this.#validity)
    this.#validity = validity
  }

  finish(): { readonly column: Column } {
    const values = this.#values.slice(0, this.#length)
    const validity = this.#validity?.slice(0, (this.#length + 7) >> 3)
    return { column: { kind: this.#kind, values, ...(validity && { validity }) } as Column }
  }
}

function allocate(kind: 'int32' | 'float64' | 'int64', length: number): FixedArray {
  if (kind === 'int32') return new Int32Array(length)
  return kind === 'float64' ? new Float64Array(length) : new BigInt64Array(length)
}

class BytesSink implements RowSink {
  readonly #builder = new BytesBuilder(1 << 12)

  add(given: unknown, rows: number): void {
    const vector = given as AnyVector
    for (let row = 0; row < rows; row++) this.#builder.append(bytesAt(vector, row))
  }

  finish(): { readonly column: Column } {
    return { column: this.#builder.finish() }
  }
}

function bytesAt(vector: AnyVector, row: number): Uint8Array | null {
  if (vector.getItemBytes !== undefined) return vector.getItemBytes(row)
  const item = vector.getItem(row) as { readonly bytes?: Uint8Array } | null
  if (item === null) return null
  if (item.bytes === undefined) throw unknownVector()
  return item.bytes
}

/** The public face of a list vector. */
interface ListLike {
  readonly childVector: AnyVector
  readonly validity?: { itemValid(row: number): boolean }
  getEntryOffset?(row: number): number
  getEntryLength(row: number): number
}

class ListSink implements RowSink {
  readonly #values: RowSink
  #offsets = new Int32Array(1 << 12)
  #rows = 0

  constructor(values: RowSink) {
    this.#values = values
  }

  add(given: unknown, rows: number): void {
    const list = given as ListLike
    if (list.getEntryOffset === undefined) throw unknownVector()
    const starts = new Int32Array(rows)
    const lengths = new Int32Array(rows)
    let count = 0
    let dense = true
    for (let row = 0; row < rows; row++) {
      if (list.validity?.itemValid(row) === false) continue
      starts[row] = list.getEntryOffset(row)
      lengths[row] = list.getEntryLength(row)
      if (lengths[row] !== 0 && starts[row] !== count) dense = false
      count += lengths[row]!
    }
    // Elements mostly lie one row's behind the other's: then the buffers are taken whole.
    if (dense && count > 0) this.#values.add(list.childVector, count)
    for (let row = 0; row < rows; row++) {
      const length = lengths[row]!
      if (!dense && length > 0)
        this.#values.add(new ItemsFrom(list.childVector, starts[row]!), length)
      this.#close(length)
    }
  }

  #close(length: number): void {
    if (this.#rows + 1 >= this.#offsets.length) {
      this.#offsets = grown(this.#offsets, this.#rows + 2)
    }
    this.#offsets[this.#rows + 1] = this.#offsets[this.#rows]! + length
    this.#rows++
  }

  finish(): { readonly column: Column; readonly offsets: Int32Array } {
    return { ...this.#values.finish(), offsets: this.#offsets.slice(0, this.#rows + 1) }
  }
}

/** Elements from `start` on: no whole buffer begins there, so they are asked for one by one. */
class ItemsFrom implements AnyVector {
  readonly #items: AnyVector
  readonly #start: number

  constructor(items: AnyVector, start: number) {
    this.#items = items
    this.#start = start
  }

  getItem(row: number): unknown {
    return this.#items.getItem(this.#start + row)
  }
}

function unknownVector(): TableError {
  return new TableError('INTERNAL', 'DuckDB gave a vector of an unknown layout')
}
