import {
  type DataFile,
  type Field,
  mapConcurrently,
  type ObjectStore,
  type Snapshot,
  TableError,
} from '@spillway/core'
import { type Roaring64, requireRowsOf } from '@spillway/encoding'
import {
  type BelievedShape,
  columnSql,
  fileRows,
  quoteName,
  quoteText,
  readVector,
  sourceOf,
} from '@spillway/rows'
import type { ConnectionShares } from '../attach/connection-shares.js'
import { closeAll } from '../connection/close-all.js'
import type { OpenedFiles } from '../fetch/file-access.js'
import { positionsIn, type RowRun } from '../fetch/kept-rows.js'
import { changeColumns } from '../share/change-columns.js'
import type { SharedFile } from '../share/open-scan.js'
import { NO_COLUMNS, typeText } from '../sql/stub.js'

export interface RelationInput {
  readonly table: Snapshot
  /** The relation's columns, in order; only those at `columns` can be read. */
  readonly fields: readonly Field[]
  readonly columns: readonly number[]
  readonly files: readonly SharedFile[]
  readonly opened: OpenedFiles
  /** Where deletion vectors are read from. */
  readonly vectors: ObjectStore
  /** The connection that the relation is for. */
  readonly shares: ConnectionShares
  /** A name that no other relation of the session has. */
  readonly name: string
  readonly signal?: AbortSignal | undefined
}

/** Exactly the live rows of some files of a shared table, as queries over local files. */
export interface RelationParts {
  readonly queries: readonly string[]
  /** Drops the temporary tables that it needs. */
  close(): Promise<void>
}

const VECTORS_AT_ONCE = 16

/** The parts of one relation, whose queries `relationSql` puts together. */
export async function relationParts(input: RelationInput): Promise<RelationParts> {
  const tables: string[] = []
  const parts: string[] = []
  for (const shape of input.opened.shapes) {
    for (const positions of groupsOf(shape, input.files)) {
      const selected = positions.map(position => input.files[position]!)
      const filter = await rowFilter(selected, positions, input, tables)
      parts.push(partSql(selected, positions, { shape, filter, input }))
    }
  }
  return {
    queries: parts,
    async close() {
      await closeAll(tables.map(table => () => input.shares.drop(table)))
    },
  }
}

/** Files of one shape, apart by whether rows of them are deleted and by what says how they changed. */
function groupsOf(
  shape: BelievedShape,
  files: readonly SharedFile[],
): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const position of shape.files) {
    const { file, change } = files[position]!
    const key = `${file.deletes.length > 0} ${change?.other !== undefined} ${change === undefined || change.type !== undefined}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [position])
    else group.push(position)
  }
  return [...groups.values()]
}

interface PartInput {
  readonly shape: BelievedShape
  readonly filter: string
  readonly input: RelationInput
}

function partSql(
  selected: readonly SharedFile[],
  positions: readonly number[],
  { shape, filter, input }: PartInput,
): string {
  const { table, fields, columns, opened } = input
  const files = selected.map(({ file }) => file)
  const source = sourceOf(files, shape, { naming: 'logical', context: { snapshot: table } })
  const changes = changeColumns(selected, shape)
  const select = columns.map(position => {
    const field = fields[position]!
    return `, ${changes.get(field) ?? columnSql(field, source)} AS r${position}`
  })
  const from = fileRows(
    shape,
    positions.map(position => opened.paths[position]!),
    positions.map(position => keptRows(opened.runs[position]!)),
  )
  // A union from which no column is read still takes the first.
  return `SELECT 0 AS present${select.join('')} FROM ${from} ${filter}`
}

function keptRows(runs: readonly RowRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0)
}

/** All columns of a table over its parts: those that were read, and for the others an error. */
export function relationSql(
  fields: readonly Field[],
  columns: readonly number[],
  queries: readonly string[],
): string {
  if (queries.length === 0) return emptySql(fields)
  const read = new Set(columns)
  const select = fields.map((field, i) => {
    const sql = read.has(i) ? `r${i}` : unread(field)
    return `${sql} AS ${quoteName(field.name)}`
  })
  if (select.length === 0) select.push(NO_COLUMNS)
  return `SELECT ${select.join(', ')} FROM (${queries.join(' UNION ALL ')})`
}

/** A column that the plan does not read, so that its bytes were not fetched. Reading it all the same must not give rows. */
function unread(field: Field): string {
  const message = `column ${field.name} was not fetched for this query`
  return `CAST(error(${quoteText(message)}) AS ${typeText(field)})`
}

function emptySql(fields: readonly Field[]): string {
  const select = fields.map(field => `CAST(NULL AS ${typeText(field)}) AS ${quoteName(field.name)}`)
  if (select.length === 0) select.push(NO_COLUMNS)
  return `SELECT ${select.join(', ')} WHERE FALSE`
}

/** A WHERE over `t` that leaves exactly the live rows, or the changed ones; empty where every row is. */
async function rowFilter(
  selected: readonly SharedFile[],
  positions: readonly number[],
  input: RelationInput,
  tables: string[],
): Promise<string> {
  const changed = selected[0]!.change?.other !== undefined
  if (!changed && selected[0]!.file.deletes.length === 0) return ''
  const name = `${input.name}_${tables.length}`
  const table = `temp.main.${name}`
  tables.push(name)
  const { shares, signal } = input
  const bitmaps = await mapConcurrently(selected, VECTORS_AT_ONCE, (shared, i) => {
    const count = input.opened.rowCounts[positions[i]!]!
    return changed ? changedRows(shared, count, input) : deletedRows(shared.file, count, input)
  })
  await shares.lane(signal, async () => {
    const { session } = shares
    await session.run(`CREATE OR REPLACE TEMP TABLE ${table} (file BIGINT, pos BIGINT)`, signal)
    const appender = await session.appender(name)
    try {
      for (const [i, bitmap] of bitmaps.entries()) {
        const runs = input.opened.runs[positions[i]!]!
        await appender.append(i, positionsIn(runs, bitmap.blocks()), signal)
      }
    } finally {
      appender.close()
    }
  })
  const found = `EXISTS (SELECT 1 FROM ${table} d WHERE d.file = t.file_index AND d.pos = t.file_row_number)`
  return changed ? `WHERE ${found}` : `WHERE NOT ${found}`
}

type Positions = Pick<Roaring64, 'has' | 'blocks'>

const NONE: Positions = { has: () => false, *blocks() {} }

async function deletedRows(
  file: DataFile,
  rowCount: number,
  { vectors, signal }: RelationInput,
): Promise<Positions> {
  const [vector, ...more] = file.deletes
  if (vector === undefined) return NONE
  if (vector.kind !== 'deletion-vector' || more.length > 0) {
    throw new TableError('INTERNAL', 'a shared file has deletes other than one deletion vector')
  }
  const deleted = await readVector(vectors, vector, signal)
  requireRowsOf(file, rowCount, deleted)
  return deleted
}

/** Rows that one state of the file has and the other has not. */
async function changedRows(
  { file, change }: SharedFile,
  rowCount: number,
  input: RelationInput,
): Promise<Positions> {
  const own = await deletedRows(file, rowCount, input)
  const other = await deletedRows(change!.other!, rowCount, input)
  // A row of this state alone: alive here, deleted there.
  return {
    has: position => other.has(position) && !own.has(position),
    *blocks() {
      for (const block of other.blocks()) yield block.filter(position => !own.has(position))
    },
  }
}
