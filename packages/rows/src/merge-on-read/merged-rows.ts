import { type DataFile, type LogRecord, type Schema, TableError } from '@spillway/core'
import { quoteNested } from '../sql/quote-nested.js'
import { type Naming, sqlTypeText } from '../sql/sql-type.js'
import type { DeleteContext } from './deleted-positions.js'
import { vectorBytes } from './deletion-vector.js'
import { type LivePart, liveParts } from './live-rows.js'

const ROWS = 'merged_rows'
const RECORDS_AT_ONCE = 500

/** Parts of ordinary files, then those of slices whose logs have to be merged. */
export async function* exactParts(
  files: readonly DataFile[],
  context: DeleteContext,
  naming: Naming,
): AsyncGenerator<LivePart> {
  const plain = files.filter(file => file.logFiles.length === 0)
  if (plain.length > 0) yield* liveParts(plain, context, { naming })
  const logged = files.filter(file => file.logFiles.length > 0)
  yield* mergeParts(logged, context, naming)
}

/**
 * The live rows of slices with log files: those of the base file that no log touches, and what the logs made of the
 * others. The merging itself is the snapshot's (`mergedLogs`).
 */
async function* mergeParts(
  files: readonly DataFile[],
  context: DeleteContext,
  naming: Naming,
): AsyncGenerator<LivePart> {
  for (const file of files) {
    const { taken, part } = await mergedRows(file, context, naming)
    if (file.fileFormat !== 'hudi-log') {
      yield* liveParts([withoutRows(file, taken)], context, { naming })
    }
    yield part
  }
}

/** What the logs of a slice come to. */
export interface MergedRows {
  /** Rows of the base file that are taken away, by position. */
  readonly taken: readonly bigint[]
  /** Those that stand in for them, and new ones; there until the next slice is merged on the connection. */
  readonly part: LivePart
}

export async function mergedRows(
  file: DataFile,
  context: DeleteContext,
  naming: Naming,
): Promise<MergedRows> {
  const taken = await fillMerged(file, context, naming)
  return { taken, part: mergedPart(file, context.snapshot.schema, naming) }
}

/** The base file less the rows that the logs take away: what a deletion vector says. */
function withoutRows(file: DataFile, positions: readonly bigint[]): DataFile {
  const base = { ...file, logFiles: [] }
  if (positions.length === 0) return base
  const bitmap = vectorBytes(positions)
  const cardinality = positions.length
  return { ...base, deletes: [{ kind: 'deletion-vector', id: 'merged', bitmap, cardinality }] }
}

/** Fills the table of merged rows; answers which rows of the base file they and the deletes take away. */
async function fillMerged(
  file: DataFile,
  context: DeleteContext,
  naming: Naming,
): Promise<readonly bigint[]> {
  const { snapshot, connection, signal } = context
  const columns = snapshot.schema.fields.map(
    (field, i) => `c${i} ${sqlTypeText(field.type, naming)}`,
  )
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${ROWS} (${columns.join(', ')})`, signal)
  const taken: bigint[] = []
  for await (const records of logRecords(file, context)) {
    for (const { position } of records) if (position !== undefined) taken.push(position)
    for (let start = 0; start < records.length; start += RECORDS_AT_ONCE) {
      await insert(records.slice(start, start + RECORDS_AT_ONCE), context, naming)
    }
  }
  return taken
}

/** The merging itself, which is the snapshot's. */
export function logRecords(
  file: DataFile,
  { snapshot, signal }: Pick<DeleteContext, 'snapshot' | 'signal'>,
): AsyncIterable<readonly LogRecord[]> {
  if (snapshot.mergedLogs !== undefined) return snapshot.mergedLogs(file, signal)
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    'the table has log files to merge, and its format offers no merged records',
    { context: { path: file.path, logFiles: file.logFiles.length } },
  )
}

async function insert(
  records: readonly LogRecord[],
  context: DeleteContext,
  naming: Naming,
): Promise<void> {
  const { snapshot, connection, signal } = context
  const rows = records.flatMap(({ row }) =>
    row === undefined ? [] : [rowText(row, snapshot.schema, naming)],
  )
  if (rows.length > 0) await connection.run(`INSERT INTO ${ROWS} VALUES ${rows.join(', ')}`, signal)
}

function rowText(row: readonly unknown[], { fields }: Schema, naming: Naming): string {
  return `(${fields.map((field, i) => quoteNested(row[i], field.type, naming)).join(', ')})`
}

/** Records already have the table's shape: each column is its field. */
function mergedPart(file: DataFile, { fields }: Schema, naming: Naming): LivePart {
  return {
    files: [file],
    rowCounts: [],
    from: `FROM ${ROWS} WHERE TRUE`,
    deleted: `FROM ${ROWS} WHERE FALSE`,
    source: {
      columns: [],
      find: () => undefined,
      naming,
      constant: field => `c${fields.findIndex(({ id }) => id === field.id)}`,
    },
    readsValues: true,
    hasDeletes: false,
  }
}
