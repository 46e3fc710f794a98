import {
  BytesBuilder,
  type Column,
  type DataType,
  encodeWideDecimal,
  type PhysicalKind,
  physicalKind,
  type Value,
} from '@spillway/core'

/** A column of `length` rows, null until set, rows set in ascending order. */
export interface BoundColumn {
  set(row: number, value: Value): void
  finish(): Column
}

/** Undefined for types that have no columns. */
export function boundColumn(type: DataType, length: number): BoundColumn | undefined {
  const kind = physicalKind(type)
  if (kind === undefined) return undefined
  if (kind !== 'bytes') return new FixedBoundColumn(kind, length)
  return new BytesBoundColumn(typeof type === 'object' && type.kind === 'decimal', length)
}

class FixedBoundColumn implements BoundColumn {
  readonly #kind: Exclude<PhysicalKind, 'bytes'>
  readonly #values: Int32Array | Float64Array | BigInt64Array
  readonly #validity: Uint8Array
  readonly #length: number
  #count = 0

  constructor(kind: Exclude<PhysicalKind, 'bytes'>, length: number) {
    this.#kind = kind
    this.#values = allocate(kind, length)
    this.#validity = new Uint8Array((length + 7) >> 3)
    this.#length = length
  }

  set(row: number, value: Value): void {
    if (this.#values instanceof BigInt64Array) this.#values[row] = BigInt(value as bigint)
    else this.#values[row] = Number(value)
    this.#validity[row >> 3]! |= 1 << (row & 7)
    this.#count++
  }

  finish(): Column {
    const complete = this.#count === this.#length
    const validity = complete ? {} : { validity: this.#validity }
    return { kind: this.#kind, values: this.#values, ...validity } as Column
  }
}

function allocate(kind: Exclude<PhysicalKind, 'bytes'>, length: number) {
  if (kind === 'int32') return new Int32Array(length)
  return kind === 'float64' ? new Float64Array(length) : new BigInt64Array(length)
}

class BytesBoundColumn implements BoundColumn {
  readonly #builder: BytesBuilder
  readonly #decimal: boolean
  readonly #length: number

  constructor(decimal: boolean, length: number) {
    this.#builder = new BytesBuilder(Math.min(length, 4096))
    this.#decimal = decimal
    this.#length = length
  }

  set(row: number, value: Value): void {
    this.#pad(row)
    this.#builder.append(this.#decimal ? encodeWideDecimal(value as bigint) : value)
  }

  #pad(row: number): void {
    while (this.#builder.length < row) this.#builder.append(null)
  }

  finish(): Column {
    this.#pad(this.#length)
    return this.#builder.finish()
  }
}
