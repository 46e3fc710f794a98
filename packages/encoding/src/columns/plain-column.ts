import {
  type BytesColumn,
  type Column,
  isValid,
  type PlainColumn,
  readBytes,
  TableError,
} from '@spillway/core'

/** The values of `column` without a dictionary. */
export function plainColumn(column: Column): PlainColumn {
  if (column.kind !== 'dictionary') return column
  const { codes, values } = column
  const validity = validityOf(column)
  switch (values.kind) {
    case 'bytes':
      return {
        ...takeBytes(values, codes, validity),
        ...(validity === undefined ? {} : { validity }),
      }
    case 'int32':
      return {
        ...values,
        values: take(values.values, codes, new Int32Array(codes.length)),
        ...masked(validity),
      }
    case 'float64':
      return {
        ...values,
        values: take(values.values, codes, new Float64Array(codes.length)),
        ...masked(validity),
      }
    case 'int64':
      return {
        ...values,
        values: take(values.values, codes, new BigInt64Array(codes.length)),
        ...masked(validity),
      }
  }
}

function masked(validity: Uint8Array | undefined): { validity?: Uint8Array | undefined } {
  return validity === undefined ? {} : { validity }
}

function validityOf(column: Extract<Column, { kind: 'dictionary' }>): Uint8Array | undefined {
  if (column.values.validity === undefined) return column.validity
  const bits = new Uint8Array((column.codes.length + 7) >> 3)
  for (let row = 0; row < column.codes.length; row++) {
    if (isValid(column, row)) bits[row >> 3]! |= 1 << (row & 7)
  }
  return bits
}

/** A null's code may be anything: where it is out of range the value is left as it was allocated. */
function take<T extends Int32Array | Float64Array | BigInt64Array>(
  from: T,
  codes: Uint32Array,
  into: T,
): T {
  for (let row = 0; row < codes.length; row++) {
    if (codes[row]! < from.length) into[row] = from[codes[row]!]!
  }
  return into
}

function takeBytes(
  values: BytesColumn,
  codes: Uint32Array,
  validity: Uint8Array | undefined,
): BytesColumn {
  const offsets = new Int32Array(codes.length + 1)
  const isPresent = (row: number): boolean =>
    validity === undefined || (validity[row >> 3]! & (1 << (row & 7))) !== 0
  let length = 0
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!
    if (isPresent(row)) length += values.offsets[code + 1]! - values.offsets[code]!
    if (length > 0x7fffffff) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        'a column of more than 2 GiB of text in one batch',
      )
    }
    offsets[row + 1] = length
  }
  const data = new Uint8Array(length)
  for (let row = 0; row < codes.length; row++) {
    if (isPresent(row)) data.set(readBytes(values, codes[row]!), offsets[row]!)
  }
  return { kind: 'bytes', offsets, data }
}
