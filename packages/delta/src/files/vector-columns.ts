import type { BytesColumn } from '@spillway/core'
import { BytesBuilder, readString } from '@spillway/core'
import type { VectorDescriptor } from '../actions/deletion-vector.js'

/** What the descriptors of vectors say, of one row each; `rows` ascend. */
export interface VectorArrays {
  readonly rows: Uint32Array
  readonly storageType: BytesColumn
  readonly path: BytesColumn
  /** NaN where the descriptor has none. */
  readonly offset: Float64Array
  readonly size: Float64Array
  readonly cardinality: Float64Array
}

/** The deletion vectors of a batch: few files have one, so rows that do are listed. */
export class VectorColumns {
  readonly #rows: Uint32Array
  readonly #storageType: BytesColumn
  readonly #path: BytesColumn
  /** NaN where the descriptor has none. */
  readonly #offset: Float64Array
  readonly #size: Float64Array
  readonly #cardinality: Float64Array

  constructor(columns: VectorArrays) {
    this.#rows = columns.rows
    this.#storageType = columns.storageType
    this.#path = columns.path
    this.#offset = columns.offset
    this.#size = columns.size
    this.#cardinality = columns.cardinality
  }

  get arrays(): VectorArrays {
    return {
      rows: this.#rows,
      storageType: this.#storageType,
      path: this.#path,
      offset: this.#offset,
      size: this.#size,
      cardinality: this.#cardinality,
    }
  }

  get byteLength(): number {
    return this.#rows.length * 40 + this.#path.data.length
  }

  at(row: number): VectorDescriptor | undefined {
    const index = this.#find(row)
    if (index < 0) return undefined
    const offset = this.#offset[index]!
    return {
      storageType: readString(this.#storageType, index),
      pathOrInlineDv: readString(this.#path, index),
      ...(Number.isNaN(offset) ? {} : { offset }),
      sizeInBytes: this.#size[index]!,
      cardinality: this.#cardinality[index]!,
    }
  }

  /** 0 for a file without a vector. */
  cardinality(row: number): number {
    const index = this.#find(row)
    return index < 0 ? 0 : this.#cardinality[index]!
  }

  has(row: number): boolean {
    return this.#find(row) >= 0
  }

  #find(row: number): number {
    let low = 0
    let high = this.#rows.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = this.#rows[middle]!
      if (found === row) return middle
      if (found < row) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}

export class VectorColumnsBuilder {
  readonly #rows: number[] = []
  readonly #storageType = new BytesBuilder(16)
  readonly #path = new BytesBuilder(16)
  readonly #offset: number[] = []
  readonly #size: number[] = []
  readonly #cardinality: number[] = []

  /** Rows in ascending order. */
  set(row: number, vector: VectorDescriptor): void {
    this.#rows.push(row)
    this.#storageType.append(vector.storageType)
    this.#path.append(vector.pathOrInlineDv)
    this.#offset.push(vector.offset ?? Number.NaN)
    this.#size.push(vector.sizeInBytes)
    this.#cardinality.push(vector.cardinality)
  }

  finish(): VectorColumns | undefined {
    if (this.#rows.length === 0) return undefined
    return new VectorColumns({
      rows: Uint32Array.from(this.#rows),
      storageType: this.#storageType.finish(),
      path: this.#path.finish(),
      offset: Float64Array.from(this.#offset),
      size: Float64Array.from(this.#size),
      cardinality: Float64Array.from(this.#cardinality),
    })
  }
}
