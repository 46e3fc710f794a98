import {
  inSlices,
  type PrimitiveType,
  type Steps,
  TableError,
  unescapePath,
  type Value,
} from '@spillway/core'
import { everyInSteps, mapInSteps } from './in-steps.js'
import type { ListedFile } from './table-location.js'

interface PartitionColumn {
  readonly name: string
  readonly type: PrimitiveType
}

/** Partition columns of a directory and, by file, their values. */
export interface HivePartitions {
  readonly columns: readonly PartitionColumn[]
  readonly values: readonly (readonly (Value | null)[])[]
}

interface Segment {
  readonly name: string
  readonly text: string | null
}

const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__'

/** Reads `name=value` folders. Every file must lie under the same columns, in the same order. Others go on meanwhile. */
export function hivePartitions(files: readonly ListedFile[]): Promise<HivePartitions> {
  return inSlices(partitionsInSteps(files))
}

function* partitionsInSteps(files: readonly ListedFile[]): Steps<HivePartitions> {
  const segments = yield* mapInSteps(files, partitionSegments)
  const names = segments[0]?.map(({ name }) => name) ?? []
  requireDistinct(names, files[0])
  yield* everyInSteps(segments, (found, i) => {
    if (found.length === names.length && found.every(({ name }, j) => name === names[j]))
      return true
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `files lie under different partition columns: (${names.join(', ')}) and (${found.map(({ name }) => name).join(', ')})`,
      { context: { path: files[i]!.path, expected: files[0]!.path } },
    )
  })
  const types: PrimitiveType[] = []
  for (const j of names.keys()) types.push(yield* commonType(segments, j))
  return {
    columns: names.map((name, j) => ({ name, type: types[j]! })),
    values: yield* mapInSteps(segments, found =>
      found.map(({ text }, j) => parseAs(text, types[j]!)),
    ),
  }
}

/** The columns that the folders of one file name, in order. */
export function partitionSegments({ path, relative }: ListedFile): readonly Segment[] {
  const folders = relative.split('/').slice(0, -1)
  return folders.flatMap(folder => {
    const at = folder.indexOf('=')
    if (at <= 0) return []
    const name = unescapePath(folder.slice(0, at))
    const text = unescapePath(folder.slice(at + 1))
    if (name === undefined || text === undefined) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `the folder ${folder} is escaped in bytes that are no UTF-8: its value cannot be known`,
        { context: { path } },
      )
    }
    return [{ name, text: text === NULL_PARTITION ? null : text }]
  })
}

function requireDistinct(names: readonly string[], file: ListedFile | undefined): void {
  for (const [i, name] of names.entries()) {
    const before = names.slice(0, i).find(each => each.toLowerCase() === name.toLowerCase())
    if (before === undefined) continue
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      before === name
        ? `folders name the partition column ${name} twice`
        : `the partition columns ${before} and ${name} differ in case alone`,
      { context: { path: file!.path, column: name } },
    )
  }
}

/** The narrowest of int, long, date and string that prints every value back as it stands: nothing is lost. */
function* commonType(
  segments: readonly (readonly Segment[])[],
  column: number,
): Steps<PrimitiveType> {
  const all = (holds: (text: string) => boolean) =>
    everyInSteps(segments, found => {
      const { text } = found[column]!
      return text === null || holds(text)
    })
  if (yield* all(() => false)) return 'string'
  if (yield* all(text => isInteger(text, 31n))) return 'int'
  if (yield* all(text => isInteger(text, 63n))) return 'long'
  return (yield* all(isDate)) ? 'date' : 'string'
}

function isInteger(text: string, bits: bigint): boolean {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return false
  const value = BigInt(text)
  return value >= -(1n << bits) && value < 1n << bits
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function parseAs(text: string | null, type: PrimitiveType): Value | null {
  if (text === null) return null
  if (type === 'int') return Number(text)
  if (type === 'long') return BigInt(text)
  return type === 'date' ? Date.parse(`${text}T00:00:00Z`) / 86_400_000 : text
}
