import { type DataFile, type LogRecord, type Schema, TableError } from '@spillway/core'
import type { DeleteContext } from './deleted-positions.js'
import type { FileColumn } from './file-shape.js'
import { type LivePart, liveParts } from './live-rows.js'
import { quoteNested } from './quote-nested.js'
import { quoteText } from './sql-text.js'
import { type Naming, sqlTypeText } from './sql-type.js'

/** Hudi's meta column that holds a record's key in base files. */
const RECORD_KEY = '_hoodie_record_key'
const KEYS = 'merged_keys'
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
    await fillMerged(file, context, naming)
    if (file.fileFormat !== 'hudi-log') {
      const base = { ...file, logFiles: [] }
      yield* liveParts([base], context, { naming, condition: untouched })
    }
    yield mergedPart(file, context.snapshot.schema, naming)
  }
}

function untouched(columns: readonly FileColumn[]): string {
  const at = columns.findIndex(({ name }) => name === RECORD_KEY)
  if (at < 0) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `log files are merged by record key, and the base file has no column ${RECORD_KEY}`,
    )
  }
  return `NOT EXISTS (SELECT 1 FROM ${KEYS} k WHERE k.key = c${at})`
}

async function fillMerged(file: DataFile, context: DeleteContext, naming: Naming): Promise<void> {
  const { snapshot, connection, signal } = context
  if (snapshot.mergedLogs === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'the table has log files to merge, and its format offers no merged records',
      { context: { path: file.path, logFiles: file.logFiles.length } },
    )
  }
  const columns = snapshot.schema.fields.map(
    (field, i) => `c${i} ${sqlTypeText(field.type, naming)}`,
  )
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${KEYS} (key VARCHAR)`, signal)
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${ROWS} (${columns.join(', ')})`, signal)
  for await (const records of snapshot.mergedLogs(file, signal)) {
    for (let start = 0; start < records.length; start += RECORDS_AT_ONCE) {
      await insert(records.slice(start, start + RECORDS_AT_ONCE), context, naming)
    }
  }
}

async function insert(
  records: readonly LogRecord[],
  context: DeleteContext,
  naming: Naming,
): Promise<void> {
  const { snapshot, connection, signal } = context
  const keys = records.map(({ recordKey }) => `(${quoteText(recordKey)})`)
  await connection.run(`INSERT INTO ${KEYS} VALUES ${keys.join(', ')}`, signal)
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
