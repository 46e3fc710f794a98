import { budgetsOf, type ObjectStore, readWhole, TableError } from '@spillway/core'
import { documentText } from '@spillway/encoding'
import {
  keyGeneratorName,
  keyGeneratorOf,
  type PathSpelling,
  partitioningOf,
} from './key-generator.js'
import { parseProperties } from './properties.js'
import { PropertyReader } from './property-reader.js'

type TableType = 'COPY_ON_WRITE' | 'MERGE_ON_READ'
/** What a reader needs of `.hoodie/hoodie.properties`. */
export interface TableConfig {
  readonly properties: ReadonlyMap<string, string>
  readonly name: string
  readonly tableType: TableType
  readonly tableVersion: number
  readonly layout: 1 | 2
  /** Folder of the active timeline, relative to the table. */
  readonly timelineFolder: string
  /** Folder of the archived timeline, relative to the table. */
  readonly historyFolder: string
  readonly baseFileFormat: string | undefined
  /** Names of the partition columns, in the order of the path's segments. */
  readonly partitionFields: readonly string[]
  /** One a partition field. */
  readonly pathSpellings: readonly PathSpelling[]
  readonly hiveStyle: boolean
  /** True where folders spell values with escapes: Hudi's own, or from 1.0 on those of Hive in a bootstrapped table. */
  readonly foldersEncoded: boolean
  readonly slashDates: boolean
  readonly dropPartitionColumns: boolean
  /** True where files may lack the partition columns: folders then give their values, source files of a bootstrap too. */
  readonly foldersHoldValues: boolean
  readonly recordKeyFields: readonly string[]
  /** True where the key generator is made for keys of several columns, however many there are. */
  readonly composesKeys: boolean
  readonly orderingFields: readonly string[]
  readonly metaFields: boolean
  /** Partitions of the metadata table that are complete: those in flight are not here. */
  readonly metadataPartitions: ReadonlySet<string>
  readonly timelineIsUtc: boolean
  /** Folder of the table that this one was bootstrapped from: rows of skeleton files lie there. */
  readonly bootstrapBasePath: string | undefined
  readonly createSchema: string | undefined
}

const READABLE_VERSIONS = [5, 6, 8, 9]

/** The configuration of the table at `root`, or undefined when there is no `.hoodie/hoodie.properties`. */
export async function loadTableConfig(
  store: ObjectStore,
  root: string,
  signal?: AbortSignal,
): Promise<TableConfig | undefined> {
  const path = `${root}/.hoodie/hoodie.properties`
  const options = signal === undefined ? {} : { signal }
  const found = await readWhole(store, path, options)
  if (found !== undefined && found.bytes.length > 0)
    return readTableConfig(configText(found.bytes, path, store), path)
  // Writers copy the properties aside, replace them and drop the copy: between the two, the copy counts.
  const backup = await readWhole(store, `${path}.backup`, options)
  if (backup !== undefined)
    return readTableConfig(configText(backup.bytes, path, store), `${path}.backup`)
  return found && readTableConfig('', path)
}

/** Writers' own are of some kilobytes; a schema may be among them. */
const MAX_CONFIG_BYTES = 4 * 1024 ** 2
const MAX_CONFIG_LINES = 10_000

function configText(bytes: Uint8Array, path: string, store: ObjectStore): string {
  const lines = linesOf(bytes)
  if (bytes.length <= MAX_CONFIG_BYTES && lines <= MAX_CONFIG_LINES) {
    return documentText(bytes, path, budgetsOf(store))
  }
  const found = `a table configuration of ${bytes.length} bytes, ${lines} lines`
  const most = `${MAX_CONFIG_BYTES} bytes and ${MAX_CONFIG_LINES} lines`
  throw new TableError('UNSUPPORTED_FEATURE', `${found}: at most ${most} are read`, {
    context: { path },
  })
}

/** How many lines there are as Java tells them apart; no more are counted than make too many. */
function linesOf(bytes: Uint8Array): number {
  let lines = 1
  for (let at = 0; at < bytes.length && lines <= MAX_CONFIG_LINES; at++) {
    if (bytes[at] === 0x0a || bytes[at] === 0x0d) lines++
  }
  return lines
}

/** The configuration that the text of a properties file states. Refused where the table is of a kind that cannot be read. */
export function readTableConfig(text: string, path: string): TableConfig {
  const properties = parseProperties(text)
  const reader = new PropertyReader(properties, path)
  const tableVersion = reader.integer('hoodie.table.version', 0)
  if (!READABLE_VERSIONS.includes(tableVersion)) {
    throw new TableError(
      tableVersion === 0 ? 'TABLE_CORRUPT' : 'UNSUPPORTED_FEATURE',
      tableVersion === 0
        ? 'hoodie.table.version is missing'
        : `Hudi table version ${tableVersion} cannot be read: versions ${READABLE_VERSIONS.join(', ')} can`,
      { context: { path } },
    )
  }
  const layout = layoutOf(reader, tableVersion, path)
  refuseForeignLayouts(reader, path)
  const timelineFolder =
    layout === 1 ? '.hoodie' : `.hoodie/${reader.text('hoodie.timeline.path') ?? 'timeline'}`
  return {
    properties,
    name: reader.required('hoodie.table.name'),
    tableType: tableTypeOf(reader, path),
    tableVersion,
    layout,
    timelineFolder,
    historyFolder: historyFolderOf(reader, layout, timelineFolder),
    baseFileFormat: baseFileFormatOf(reader, path),
    ...partitioningOf(reader, keyGeneratorOf(reader)),
    hiveStyle: reader.boolean('hoodie.datasource.write.hive_style_partitioning', false),
    slashDates: reader.boolean('hoodie.datasource.write.slash.separated.date.partitioning', false),
    ...partitionValuesOf(reader, tableVersion),
    recordKeyFields: reader.list('hoodie.table.recordkey.fields'),
    composesKeys: keyGeneratorName(reader).startsWith('complex'),
    orderingFields: orderingFieldsOf(reader),
    metaFields: reader.boolean('hoodie.populate.meta.fields', true),
    metadataPartitions: metadataPartitionsOf(reader),
    timelineIsUtc:
      (reader.text('hoodie.table.timeline.timezone') ?? 'LOCAL').toUpperCase() === 'UTC',
    createSchema: reader.text('hoodie.table.create.schema'),
  }
}

function partitionValuesOf(
  reader: PropertyReader,
  tableVersion: number,
): Pick<
  TableConfig,
  'dropPartitionColumns' | 'foldersHoldValues' | 'foldersEncoded' | 'bootstrapBasePath'
> {
  const dropPartitionColumns = reader.boolean(
    'hoodie.datasource.write.drop.partition.columns',
    false,
  )
  const bootstrapBasePath = reader.text('hoodie.bootstrap.base.path')
  const foldersHoldValues = dropPartitionColumns || bootstrapBasePath !== undefined
  const foldersEncoded =
    reader.boolean('hoodie.datasource.write.partitionpath.urlencode', false) ||
    (bootstrapBasePath !== undefined && tableVersion >= 8)
  return { dropPartitionColumns, foldersHoldValues, foldersEncoded, bootstrapBasePath }
}

/** Versions to 6 keep instants in `.hoodie` itself (layout 1), 8 and on in a folder of their own (layout 2). */
function layoutOf(reader: PropertyReader, tableVersion: number, path: string): 1 | 2 {
  const expected = tableVersion >= 8 ? 2 : 1
  const stated =
    reader.text('hoodie.timeline.layout.version') === undefined
      ? reader.integer('hoodie.table.timeline.layout.version', expected)
      : reader.integer('hoodie.timeline.layout.version', expected)
  if (stated !== expected) {
    throw new TableError(
      'TABLE_CORRUPT',
      `table version ${tableVersion} has timeline layout ${expected}, the properties state layout ${stated}`,
      { context: { path } },
    )
  }
  return expected
}

function refuseForeignLayouts(reader: PropertyReader, path: string): void {
  const format = reader.text('hoodie.table.format') ?? 'native'
  if (format !== 'native') {
    throw new TableError('UNSUPPORTED_FEATURE', `hoodie.table.format '${format}' is not 'native'`, {
      context: { path },
    })
  }
  const storage = reader.text('hoodie.table.storage.layout')?.toLowerCase()
  if (storage === 'lsm_tree') {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'Hudi tables with LSM tree storage cannot be read',
      {
        context: { path },
      },
    )
  }
}

function tableTypeOf(reader: PropertyReader, path: string): TableType {
  const key = 'hoodie.table.type'
  const type = reader.required(key).toUpperCase()
  if (type === 'COPY_ON_WRITE' || type === 'MERGE_ON_READ') return type
  throw new TableError('TABLE_CORRUPT', `${key}: '${type}' is no table type`, { context: { path } })
}

function baseFileFormatOf(reader: PropertyReader, path: string): string | undefined {
  const format = reader.text('hoodie.table.base.file.format')?.toLowerCase()
  if (format === undefined || ['parquet', 'orc', 'hfile', 'lance'].includes(format)) return format
  throw new TableError('TABLE_CORRUPT', `hoodie.table.base.file.format: '${format}' is unknown`, {
    context: { path },
  })
}

function historyFolderOf(reader: PropertyReader, layout: 1 | 2, timelineFolder: string): string {
  if (layout === 2) {
    return `${timelineFolder}/${reader.text('hoodie.timeline.history.path') ?? 'history'}`
  }
  const folder = reader.text('hoodie.archivelog.folder') ?? 'archived'
  return folder.startsWith('.hoodie') ? folder : `.hoodie/${folder}`
}

function orderingFieldsOf(reader: PropertyReader): readonly string[] {
  const fields = reader.list('hoodie.table.ordering.fields')
  return fields.length > 0 ? fields : reader.list('hoodie.table.precombine.field')
}

function metadataPartitionsOf(reader: PropertyReader): ReadonlySet<string> {
  const inflight = new Set(reader.list('hoodie.table.metadata.partitions.inflight'))
  return new Set(
    reader.list('hoodie.table.metadata.partitions').filter(name => !inflight.has(name)),
  )
}
