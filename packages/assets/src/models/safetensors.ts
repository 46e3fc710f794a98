import { corrupt, type JsonValue, TableError } from '@spillway/core'
import { JsonMembers } from '../documents/json-members.js'
import { readStrictJson } from '../documents/strict-json.js'
import { quotedName } from '../paths/path-fault.js'
import { type RangedFile, readRange } from './ranged-file.js'

/** A tensor of a file, without its values. */
export interface TensorInfo {
  readonly name: string
  /** `F32`, `BF16`, `F8_E4M3` and so on, as the format spells it. */
  readonly dtype: string
  /** No dimensions for a scalar. */
  readonly shape: readonly number[]
  /** Bytes of its values, from `start` up to `end`, counted from the beginning of the file. */
  readonly start: number
  readonly end: number
}

export interface SafetensorsHeader {
  /** In the order of their values in the file. */
  readonly tensors: readonly TensorInfo[]
  /** What its writer noted, as `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>
  /** Values of all tensors together. */
  readonly parameters: bigint
  /** Bytes of all tensors together. */
  readonly dataSize: number
}

/** The longest header, as the field has it. */
const MAX_HEADER_BYTES = 25_000_000
const LENGTH_BYTES = 8

/** Bits of a value. */
const BITS: ReadonlyMap<string, number> = new Map([
  ['F4', 4],
  ...['F6_E2M3', 'F6_E3M2'].map(type => [type, 6] as const),
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map(
    type => [type, 8] as const,
  ),
  ...['I16', 'U16', 'F16', 'BF16'].map(type => [type, 16] as const),
  ...['I32', 'U32', 'F32'].map(type => [type, 32] as const),
  ...['C64', 'F64', 'I64', 'U64'].map(type => [type, 64] as const),
])

/**
 * The header of a file of safetensors, by two reads: its length, and itself. `TABLE_CORRUPT` where the file cannot be one:
 * a header beyond its end, a tensor that is there twice, whose values lie outside of the file, over others, or are not as
 * many as its shape says, a byte that belongs to none. `UNSUPPORTED_FEATURE` for a header of more than 25,000,000 bytes, and
 * a type that is not known.
 */
export async function readSafetensorsHeader(
  file: RangedFile,
  signal?: AbortSignal,
): Promise<SafetensorsHeader> {
  const length = headerLength(await readRange(file, { start: 0, end: LENGTH_BYTES }, signal), file)
  const dataStart = LENGTH_BYTES + length
  const bytes = await readRange(file, { start: LENGTH_BYTES, end: dataStart }, signal)
  if (bytes[0] !== 0x7b) throw wrong('it does not begin with "{"', file)
  const place = { what: 'the header of safetensors', path: file.path }
  const root = new JsonMembers(readStrictJson(bytes, place), place)
  const { __metadata__: metadata, ...rest } = root.object
  const tensors: TensorInfo[] = []
  let parameters = 0n
  for (const name of Object.keys(rest)) {
    const { count, ...tensor } = tensorOf(name, root.members(name), dataStart)
    parameters += count
    tensors.push(tensor)
  }
  tensors.sort((a, b) => a.start - b.start || a.end - b.end)
  requireWhole(tensors, dataStart, file)
  const dataSize = file.size - dataStart
  return { tensors, metadata: metadataOf(metadata, root), parameters, dataSize }
}

function headerLength(bytes: Uint8Array, file: RangedFile): number {
  if (bytes.length < LENGTH_BYTES) {
    throw wrong(`the file has ${file.size} bytes, fewer than the length of its header`, file)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES)
  const length = view.getBigUint64(0, true)
  if (length > BigInt(file.size - LENGTH_BYTES)) {
    throw wrong(`its length is ${length} bytes, and the file has ${file.size}`, file)
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `a header of safetensors of ${length} bytes: at most ${MAX_HEADER_BYTES} are read`,
      { context: { path: file.path } },
    )
  }
  return Number(length)
}

function tensorOf(
  name: string,
  members: JsonMembers,
  dataStart: number,
): TensorInfo & { readonly count: bigint } {
  const dtype = members.text('dtype')
  const bits = BITS.get(dtype)
  if (bits === undefined) {
    throw members.unsupported(`has a tensor of the type ${quotedName(dtype)}, which is not known`)
  }
  const shape = sizes(members, 'shape')
  const [start, end, ...more] = sizes(members, 'data_offsets')
  if (start === undefined || end === undefined || more.length > 0 || end < start) {
    throw members.fault('expected where the values begin and end', 'data_offsets')
  }
  let count = 1n
  for (const size of shape) {
    count *= BigInt(size)
    if (count > 2n ** 64n) throw members.fault('more values than can be counted', 'shape')
  }
  if (count * BigInt(bits) !== BigInt(end - start) * 8n) {
    const found = `${count} values of ${bits} bits in ${end - start} bytes`
    throw members.fault(`expected as many bytes as its shape has, found ${found}`)
  }
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end, count }
}

function sizes(members: JsonMembers, key: string): readonly number[] {
  return members.list(key).map((value: JsonValue) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw members.fault(`expected whole numbers, found ${quotedName(String(value))}`, key)
  })
}

/** Every byte behind the header belongs to one tensor: there is no place for anything else, or for two readings. */
function requireWhole(tensors: readonly TensorInfo[], dataStart: number, file: RangedFile): void {
  let end = dataStart
  for (const tensor of tensors) {
    if (tensor.start !== end) {
      const found = `${quotedName(tensor.name)} at byte ${tensor.start}, expected at ${end}`
      throw wrong(`its tensors overlap or leave a hole: found ${found}`, file)
    }
    end = tensor.end
  }
  if (end === file.size) return
  throw wrong(`its tensors end at byte ${end}, and the file has ${file.size}`, file)
}

function metadataOf(
  metadata: JsonValue | undefined,
  root: JsonMembers,
): Readonly<Record<string, string>> {
  if (metadata === undefined || metadata === null) return {}
  const members = root.members('__metadata__')
  return Object.fromEntries(Object.keys(members.object).map(key => [key, members.text(key)]))
}

function wrong(reason: string, { path }: RangedFile): TableError {
  return corrupt('a header of safetensors', reason, { path })
}
