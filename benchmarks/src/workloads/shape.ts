/**
 * How keys lie in files. `sorted`: each file follows the one before. `random`: each file has a random fiftieth of all keys.
 * `skewed`: nine files in ten lie in a hundredth of the keys. `wide` is sorted with 100 columns, `partitions` sorted in
 * 10,000 partitions that take turns, `deletes` sorted with deleted rows in every tenth file.
 */
export type Shape = 'sorted' | 'random' | 'skewed' | 'wide' | 'partitions' | 'deletes'

export const ROWS_PER_FILE = 100
/** 2 to the power of 32: keys of more files than fit below it would not be exact in all that computes them. */
const MOST_FILES = 42_949_672
const MOST_PARTITIONS = 10_000
export const DELETES_EVERY = 10
const SKEW = 100
const SPREAD = 50

export interface Layout {
  readonly shape: Shape
  readonly files: number
  readonly seed: number
}

/** Keys of a file, both ends included. */
export interface Keys {
  readonly low: number
  readonly high: number
}

/** `key >= from AND key < to`, and in partitioned tables `bucket = ...` besides. */
export interface Asked {
  readonly from: number
  readonly to: number
  readonly bucket?: number
}

/** All keys are below this. */
export function domainOf({ files }: Layout): number {
  if (!Number.isInteger(files) || files < 100 || files > MOST_FILES) {
    throw new RangeError(`expected 100 to ${MOST_FILES} files, found ${files}`)
  }
  return files * ROWS_PER_FILE
}

export function columnsOf({ shape }: Layout): number {
  return shape === 'wide' ? 100 : 5
}

export function partitionsOf({ shape, files }: Layout): number {
  return shape === 'partitions' ? Math.min(MOST_PARTITIONS, files / 10) : 0
}

export function keysOf(layout: Layout, file: number): Keys {
  const domain = domainOf(layout)
  if (layout.shape === 'random') {
    const low = mixed(file, layout.seed) % domain
    return { low, high: low + Math.floor(domain / SPREAD) - 1 }
  }
  if (layout.shape === 'skewed') {
    const isDense = mixed(file, layout.seed + 1) % 10 < 9
    const low = mixed(file, layout.seed) % (isDense ? domain / SKEW : domain)
    return { low, high: low + ROWS_PER_FILE - 1 }
  }
  const low = file * ROWS_PER_FILE
  return { low, high: low + ROWS_PER_FILE - 1 }
}

/** About one file in a hundred, where keys are sorted; of a skewed table in the part where most files are. */
export function askedOf(layout: Layout): Asked {
  const domain = domainOf(layout)
  if (layout.shape === 'partitions') {
    return { from: 0, to: domain / 2, bucket: Math.floor(partitionsOf(layout) / 3) }
  }
  if (layout.shape === 'skewed') {
    const from = domain / SKEW / 2
    return { from, to: from + Math.max(1, domain / SKEW / 100) }
  }
  return { from: domain / 2, to: domain / 2 + domain / 100 }
}

/** Whether a file has a key that is asked for, by its keys alone: what the best planner keeps. */
export function isIdeal(layout: Layout, { from, to, bucket }: Asked, file: number): boolean {
  const { low, high } = keysOf(layout, file)
  const isThere = bucket === undefined || file % partitionsOf(layout) === bucket
  return isThere && high >= from && low < to
}

export function sqlOf({ from, to, bucket }: Asked): string {
  const range = `key >= ${from} AND key < ${to}`
  return bucket === undefined ? range : `bucket = ${bucket} AND ${range}`
}

/** The last part of a file's path; what is kept is compared by it. */
export function nameOf(file: number): string {
  return `part-${String(file).padStart(9, '0')}.parquet`
}

export function folderOf(layout: Layout, file: number): string {
  const partitions = partitionsOf(layout)
  return partitions === 0 ? '' : `bucket=${file % partitions}/`
}

const FIRST = 668_265_261
const SECOND = 1_540_483_477

/** A number below 2 to the 32nd that has nothing to do with its neighbours': the same as `mixedSql` gives. */
export function mixed(file: number, seed: number): number {
  let hash = (Math.imul(file, FIRST) + Math.imul(seed, SECOND)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 15), SECOND) >>> 0
  return (hash ^ (hash >>> 13)) >>> 0
}

/** `mixed` for DuckDB, in 64 bits without overflow: both factors are below 2 to the 31st. */
export function mixedSql(file: string, seed: number): string {
  const start = `(${file} * ${FIRST} + ${Math.imul(seed, SECOND) >>> 0}) % 4294967296`
  const once = `(xor(${start}, (${start}) >> 15) * ${SECOND}) % 4294967296`
  return `xor(${once}, (${once}) >> 13)`
}
