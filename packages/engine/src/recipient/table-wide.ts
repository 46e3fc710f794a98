import {
  type Accepts,
  createSchema,
  type Field,
  fixedBinaryColumns,
  mapChildren,
  type Snapshot,
  TableError,
  type TableMetadata,
} from '@spillway/core'
import type { ExactRows } from './exact-rows.js'
import { askFor } from './refusals.js'

/** Features that change every file of a table, and how to say so. */
const TABLE_WIDE: Readonly<Record<string, string>> = {
  columnMapping: 'its columns are named differently inside its files (column mapping)',
  initialDefaults: 'its older files lack columns that have a default',
  typeWidening: 'its older files hold narrower types (type widening)',
  schemaOnRead:
    'its older files call columns by other names or hold other types (Hudi schema evolution)',
  fixedBinary: 'its files hold fixed-length bytes where the schema says binary',
}

/** Features that a file's own shape decides about where its footer is read. */
const BY_SHAPE: ReadonlySet<string> = new Set(['columnMapping', 'initialDefaults', 'typeWidening'])

/** The table-wide features of `metadata` that a recipient cannot apply by itself. */
export function tableWideNeeds(metadata: TableMetadata, accepts: Accepts): readonly string[] {
  const byShape = metadata.shapesFrom === 'footers' && accepts.lookup !== undefined
  const needs = Object.keys(TABLE_WIDE).filter(
    feature =>
      metadata.features.has(feature) &&
      !accepts.features.has(feature) &&
      !(byShape && BY_SHAPE.has(feature)),
  )
  const refused = accepts.fixedBinary === false && fixedBinaryColumns(metadata).length > 0
  return refused ? [...needs, 'fixedBinary'] : needs
}

/** Throws where no file of the table could be sent exactly, whichever survive. */
export function refuseTable(
  { snapshot, accepts, resolver }: ExactRows,
  options: { readonly partly: boolean },
): void {
  const needs = tableWideNeeds(snapshot, accepts)
  if (resolver?.toCompleteFile !== undefined || needs.length === 0) return
  // Of a table that is shared in part, how many files there are is not told.
  const count = options.partly ? undefined : snapshot.totals?.files
  const files = count === undefined ? 'its files' : `its ${count} files`
  const asking = askFor(needs, { snapshot, accepts, resolver })
  const who = asking === undefined ? '' : `to a client that asks with ${asking}, or `
  const reasons = needs.map(feature => TABLE_WIDE[feature]).join('; ')
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table cannot be sent as plain Parquet, because ${reasons}. ${files} would be served ${who}by a provider that configures staging`,
    { context: { feature: needs.join(','), ...(count !== undefined && { files: count }) } },
  )
}

/** True where the answer tells names that a log maps: what is written has those, to stand beside the table's own files. */
export function isMapped({ snapshot, accepts }: ExactRows): boolean {
  const { features, shapesFrom } = snapshot
  if (!features.has('columnMapping') || shapesFrom === 'footers') return false
  return tableWideNeeds(snapshot, accepts).length === 0
}

/** The same table as its files name its columns. */
export function underPhysicalNames(snapshot: Snapshot): Snapshot {
  return { ...snapshot, schema: createSchema(snapshot.schema.fields.map(physical)) }
}

function physical(field: Field): Field {
  return { ...field, name: field.physicalName, type: mapChildren(field.type, physical) }
}
