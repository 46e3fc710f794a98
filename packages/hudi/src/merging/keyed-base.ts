import {
  type Column,
  type DataFile,
  type Field,
  leafKey,
  type ObjectMeta,
  type ObjectStore,
  type ParquetBatch,
  readValue,
  TableError,
  type Value,
} from '@spillway/core'
import { parquetReader, readParquetFooter } from '@spillway/encoding'
import type { HudiReaderOptions } from '../config/options.js'
import { parseFileName } from '../file-groups/file-name.js'
import type { KeyRule } from '../log-files/record-key.js'
import { sameName } from '../schema/schema.js'
import type { SchemaHistory } from '../schema/schema-history.js'

/** Consecutive rows of a base file, as merging needs them. */
export interface BaseRun {
  /** Position of the first. */
  readonly first: bigint
  readonly length: number
  keyOf(row: number): string
  orderingOf(row: number): readonly (Value | null)[]
}

export interface KeyedBaseOptions {
  readonly options: HudiReaderOptions
  readonly root: string
  readonly history: SchemaHistory | undefined
  readonly keys: KeyRule
  readonly ordering: readonly Field[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Keys and ordering values of a slice's base file, and nothing else of it. Where that is a skeleton, the values are
 * read from its source file, row by row beside it.
 */
export async function* keyedBase(
  file: DataFile,
  context: KeyedBaseOptions,
): AsyncGenerator<BaseRun> {
  const { options, root, ordering, signal } = context
  const path = `${root}/${file.recordedPath}`
  const keys = await headOf(options.store, path, signal)
  const values = file.path === path ? keys : await headOf(options.store, file.path, signal)
  if (values !== keys) await requireInSync(keys, values, context)
  const names = ordering.map(field => nameIn(field, file, context))
  yield* runsOf({ keys, values, names }, context)
}

interface KeyedFiles {
  readonly keys: ObjectMeta
  readonly values: ObjectMeta
  /** What the ordering columns are called; undefined for one that the file was written before. */
  readonly names: readonly (string | undefined)[]
}

async function* runsOf(files: KeyedFiles, context: KeyedBaseOptions): AsyncGenerator<BaseRun> {
  const { names } = files
  const { keys, ordering } = context
  let first = 0n
  for await (const { key, value, length } of sidesOf(files, context)) {
    const columns = names.map(name => name && columnOf(value.batch, name))
    if (first === 0n && columns.some((column, i) => names[i] !== undefined && !column)) {
      const respelled = await spelledNames(files, context)
      if (respelled.some((name, i) => name !== names[i])) {
        yield* runsOf({ ...files, names: respelled }, context)
        return
      }
    }
    const keyOf = keys.ofColumns(name => columnOf(key.batch, name), files.keys.path)
    yield {
      first,
      length,
      keyOf: row => keyOf(key.start + row),
      orderingOf: row =>
        columns.map((column, i) =>
          column ? readValue(column, value.start + row, ordering[i]!.type) : null,
        ),
    }
    first += BigInt(length)
  }
}

/** Rows of a batch, from `start` on. */
interface Side {
  readonly batch: ParquetBatch
  readonly start: number
}

interface Sides {
  readonly key: Side
  readonly value: Side
  readonly length: number
}

async function* sidesOf(files: KeyedFiles, context: KeyedBaseOptions): AsyncGenerator<Sides> {
  const keyNames = context.keys.columns
  const known = files.names.filter(name => name !== undefined)
  if (files.values !== files.keys && known.length > 0) {
    yield* zipped(batches(files.keys, keyNames, context), batches(files.values, known, context))
    return
  }
  const columns = files.values === files.keys ? [...keyNames, ...known] : keyNames
  for await (const batch of batches(files.keys, columns, context)) {
    const side = { batch, start: 0 }
    yield { key: side, value: side, length: batch.length }
  }
}

/** Runs of rows that lie in one batch of each file. Both have as many rows. */
async function* zipped(
  keys: AsyncIterable<ParquetBatch>,
  values: AsyncIterable<ParquetBatch>,
): AsyncGenerator<Sides> {
  const others = keys[Symbol.asyncIterator]()
  let key: Side | undefined
  try {
    for await (const batch of values) {
      for (let start = 0; start < batch.length; ) {
        if (key === undefined || key.start === key.batch.length) {
          const next = await others.next()
          if (next.done === true) return
          key = { batch: next.value, start: 0 }
          continue
        }
        const length = Math.min(batch.length - start, key.batch.length - key.start)
        yield { key, value: { batch, start }, length }
        start += length
        key = { batch: key.batch, start: key.start + length }
      }
    }
  } finally {
    await others.return?.()
  }
}

function batches(
  meta: ObjectMeta,
  names: readonly string[],
  { options, signal }: KeyedBaseOptions,
): AsyncIterable<ParquetBatch> {
  const parquet = options.parquet ?? parquetReader()
  const leaves = names.map(name => [name])
  return parquet.read(options.store, meta, { leaves, signal })
}

function columnOf({ leaves }: ParquetBatch, name: string): Column | undefined {
  return leaves.get(leafKey([name]))?.column
}

/** What a base file called a column when it was written. */
function nameIn(
  field: Field,
  { recordedPath }: DataFile,
  { history }: KeyedBaseOptions,
): string | undefined {
  const fileName = recordedPath.slice(recordedPath.lastIndexOf('/') + 1)
  const name = history?.nameAt([field], parseFileName(fileName)?.instant ?? '0')
  return name === 'absent' ? undefined : (name?.[0] ?? field.physicalName)
}

/** Columns are found without regard to case, where the exact name is not there: a file of other writers may differ. */
async function spelledNames(
  { values, names }: KeyedFiles,
  { options, signal }: KeyedBaseOptions,
): Promise<readonly (string | undefined)[]> {
  const { root } = await readParquetFooter(options.store, values, signal)
  return names.map(name => {
    if (name === undefined || root.children.some(child => child.name === name)) return name
    return root.children.find(child => sameName(child.name, name))?.name ?? name
  })
}

/** Hudi's own reader fails too where a skeleton and its source file have not as many rows. */
async function requireInSync(
  skeleton: ObjectMeta,
  source: ObjectMeta,
  { options: { store }, signal }: KeyedBaseOptions,
): Promise<void> {
  const footers = await Promise.all(
    [skeleton, source].map(meta => readParquetFooter(store, meta, signal)),
  )
  const [keys, rows] = footers.map(({ rowCount }) => rowCount)
  if (keys === rows) return
  throw new TableError(
    'TABLE_CORRUPT',
    `the bootstrap source file ${source.path} has ${rows} rows, and its skeleton ${keys}`,
    { context: { path: source.path, skeleton: skeleton.path } },
  )
}

export async function headOf(
  store: ObjectStore,
  path: string,
  signal?: AbortSignal,
): Promise<ObjectMeta> {
  const meta = await store.head(path, signal)
  if (meta !== undefined) return meta
  throw new TableError('NOT_FOUND', `the base file ${path} does not exist`, { context: { path } })
}
