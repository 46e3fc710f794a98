import { z85Decode } from '@spillway/core'
import type {
  DeltaFileAction,
  DeltaVector,
  ResponseFormat,
  TableMetaData,
  WireInteger,
} from '@spillway/protocol/wire'
import { unusable } from '../http/http.js'
import { type FileStatistics, fileStatistics } from './file-statistics.js'
import { type FileAction, type HeaderAction, tableOf } from './read-actions.js'
import { type SchemaColumn, schemaColumns } from './schema-columns.js'

/** A file of an answer, the same in both formats of the wire. */
export interface AnswerFile {
  /** `add` in a snapshot. Between versions: rows that came, rows that went, or a file of changes (`_change_type`). */
  readonly change: 'add' | 'remove' | 'cdf'
  /** The same in every answer about this file. */
  readonly id: string
  /** To be read without credentials until `expiresAt`. A secret: whoever has it has the file. */
  readonly url: string
  /** Bytes. */
  readonly size: number
  /** Epoch milliseconds; undefined where the server does not say. */
  readonly expiresAt: number | undefined
  /** Of the commit that made the change, where the answer is about several versions or an earlier one. */
  readonly version: bigint | undefined
  /** Of that commit, in epoch milliseconds. */
  readonly timestamp: number | undefined
  /**
   * Each partition column by the table's name for it, which the file itself need not hold. Values are texts as the protocol
   * spells them (`5`, `true`, `2026-01-03`, `2026-01-03 12:00:00`), null is null.
   */
  readonly partitionValues: Readonly<Record<string, string | null>>
  /** Parsed when it is asked for; undefined where the table has none for this file. */
  readonly statistics: FileStatistics | undefined
  /** Rows that the table has of this file, less than the file holds where there is a deletion vector; undefined if unknown. */
  readonly rowCount: number | undefined
  /** Rows of the file that the table has no more: whoever reads the file must leave them out. */
  readonly deletionVector: DeletionVector | undefined
}

/** Which rows are deleted: a roaring bitmap of row numbers, as Delta's protocol writes it. */
export type DeletionVector = {
  /** How many rows are deleted. */
  readonly cardinality: number
  /** Bytes of the bitmap. */
  readonly sizeInBytes: number
} & (
  | {
      readonly kind: 'url'
      readonly id: string | undefined
      readonly url: string
      /** Bytes before the bitmap's length (four bytes, big-endian), which the bitmap follows. */
      readonly offset: number
    }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
)

interface Answer {
  readonly format: ResponseFormat
  readonly metaData: Extract<HeaderAction, { kind: 'metaData' | 'deltaMetaData' }>
}

/** The files among the actions of an answer. */
export async function* answerFiles(
  { format, metaData }: Answer,
  actions: AsyncIterable<FileAction | HeaderAction>,
): AsyncGenerator<AnswerFile> {
  let table = columnsOf(tableOf(metaData), format)
  for await (const action of actions) {
    if ('file' in action) yield toFile(action, table)
    // From here on files are of the table as it was then.
    else if (action.kind === 'metaData' || action.kind === 'deltaMetaData')
      table = columnsOf(tableOf(action), format)
  }
}

interface TableColumns {
  readonly all: readonly SchemaColumn[]
  readonly partition: readonly string[]
  /** Keys of partition values, each list in the order of `partition`: the likelier first. */
  readonly spellings: readonly (readonly string[])[]
}

/** Delta's logs go by what files call a column; the parquet format knows the table's names alone. */
function columnsOf(
  { schemaString, partitionColumns }: TableMetaData,
  format: ResponseFormat,
): TableColumns {
  const all = schemaColumns(schemaString)
  const physical = partitionColumns.map(
    column => all.find(({ name }) => name === column)?.physicalName ?? column,
  )
  const spellings = format === 'delta' ? [physical, partitionColumns] : [partitionColumns, physical]
  return { all, partition: partitionColumns, spellings }
}

function toFile(action: FileAction, table: TableColumns): AnswerFile {
  const { file } = action
  const { change, path, vector, vectorId, ...single } = singleOf(action)
  const { id } = file
  if (single.size === undefined) throw unusable(`file ${id} has no size`)
  let statistics: { readonly known: FileStatistics | undefined } | undefined
  return {
    change,
    id,
    url: path,
    size: exactNumber(single.size, `the size of file ${id}`),
    expiresAt: maybeNumber(file.expirationTimestamp),
    version: file.version === undefined ? undefined : BigInt(file.version),
    timestamp: maybeNumber(file.timestamp),
    partitionValues: partitionValues(single.partitionValues ?? {}, table),
    get statistics() {
      statistics ??= { known: fileStatistics(single.stats, table.all) }
      return statistics.known
    },
    get rowCount() {
      const count = this.statistics?.numRecords
      const left = count === undefined ? -1 : count - (this.deletionVector?.cardinality ?? 0)
      return left < 0 ? undefined : left
    },
    deletionVector: vector && vectorOf(vector, vectorId, id),
  }
}

interface Single extends Pick<DeltaFileAction, 'path' | 'partitionValues' | 'size' | 'stats'> {
  readonly change: AnswerFile['change']
  readonly vector?: DeltaVector | undefined
  readonly vectorId?: string | undefined
}

function singleOf(action: FileAction): Single {
  if (action.kind !== 'delta') {
    const { url, partitionValues, size, stats } = action.file
    const change = action.kind === 'file' ? 'add' : action.kind
    return { change, path: url, partitionValues, size, stats }
  }
  const { add, remove, cdc } = action.file.deltaSingleAction
  const single = add ?? remove ?? cdc
  if (single === undefined) throw unusable(`file ${action.file.id} is neither added nor removed`)
  return {
    ...single,
    change: add !== undefined ? 'add' : remove !== undefined ? 'remove' : 'cdf',
    vector: single.deletionVector,
    vectorId: action.file.deletionVectorFileId,
  }
}

/** A folder's name for null, which some writers put into the value; and the protocol's. */
const NULLS: ReadonlySet<string | null | undefined> = new Set([
  undefined,
  null,
  '',
  '__HIVE_DEFAULT_PARTITION__',
])

function partitionValues(
  values: Readonly<Record<string, string | null>>,
  { partition, spellings }: TableColumns,
): Readonly<Record<string, string | null>> {
  const [first = [], second = []] = spellings
  const found = (keys: readonly string[]) => keys.filter(key => Object.hasOwn(values, key)).length
  const keys = found(second) > found(first) ? second : first
  return Object.fromEntries(
    partition.map((column, i) => {
      const value = Object.hasOwn(values, keys[i]!) ? values[keys[i]!] : undefined
      return [column, NULLS.has(value) ? null : value!]
    }),
  )
}

function vectorOf(
  { storageType, pathOrInlineDv, offset, sizeInBytes, cardinality }: DeltaVector,
  id: string | undefined,
  file: string,
): DeletionVector {
  const what = `the deletion vector of file ${file}`
  const size = exactNumber(sizeInBytes, `the size of ${what}`)
  const facts = { cardinality: exactNumber(cardinality, `the cardinality of ${what}`) }
  if (storageType === 'i') {
    // Its text is of whole words: what is behind the size fills the last one.
    const bytes = z85Decode(pathOrInlineDv)
    if (bytes.length < size) throw unusable(`${what} has ${bytes.length} bytes of ${size}`)
    return { kind: 'inline', bytes: bytes.subarray(0, size), sizeInBytes: size, ...facts }
  }
  if (storageType !== 'p')
    throw unusable(`${what} is of storage type ${JSON.stringify(storageType)}, not p or i`)
  const from = exactNumber(offset ?? 0, `the offset of ${what}`)
  return { kind: 'url', id, url: pathOrInlineDv, offset: from, sizeInBytes: size, ...facts }
}

function exactNumber(value: WireInteger, what: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw unusable(`${what} is ${value}`)
}

function maybeNumber(value: WireInteger | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
