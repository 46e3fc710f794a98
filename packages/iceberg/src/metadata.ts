import {
  budgetsOf,
  DEFAULT_BUDGETS,
  type Field,
  type ObjectMeta,
  type ObjectStore,
  type PartitionSpec,
  type ReadBudgets,
  readWhole,
  requireWithin,
  TableError,
} from '@spillway/core'
import {
  documentBytes,
  type JsonObject,
  type JsonValue,
  MAX_MEMBERS,
  parseLongJson,
  valueText,
} from '@spillway/encoding'
import { checked, corrupt } from './check-document.js'
import { type PartitionFieldDocument, type TableDocument, tableDocument } from './document.js'
import { columnCount, fieldsById, parseFields } from './schema.js'
import { readHistory, type SnapshotHistory } from './snapshot-history.js'
import { parseTransform } from './transform.js'

/** The newest version of the spec that is read here. */
const NEWEST_VERSION = 3

export interface IcebergRef {
  readonly kind: 'branch' | 'tag'
  readonly snapshotId: bigint
}

/** One table metadata file, versions 1 to 3 in one shape. */
export interface IcebergMetadata {
  readonly path: string
  readonly meta: ObjectMeta
  /** Uncompressed, in UTF-8. */
  readonly document: Uint8Array
  readonly formatVersion: number
  readonly tableId: string
  readonly location: string | undefined
  readonly lastUpdated: number
  readonly schemas: ReadonlyMap<number, readonly Field[]>
  readonly currentSchemaId: number
  /** False where earlier schemas are known to be missing. True proves nothing: the newest may be one of the first. */
  readonly isHistoryWhole: boolean
  readonly specs: ReadonlyMap<number, PartitionSpec>
  readonly defaultSpecId: number
  readonly properties: ReadonlyMap<string, string>
  readonly snapshots: SnapshotHistory['snapshots']
  readonly currentSnapshotId: bigint | undefined
  readonly refs: ReadonlyMap<string, IcebergRef>
  readonly log: SnapshotHistory['log']
  readonly currents: SnapshotHistory['currents']
  readonly positions: SnapshotHistory['positions']
}

/** Reads and checks one metadata file, which may be compressed. */
export async function loadMetadata(
  store: ObjectStore,
  path: string,
  signal?: AbortSignal,
): Promise<IcebergMetadata> {
  const budgets = budgetsOf(store)
  const found = await readWhole(store, path, { what: 'table metadata', signal })
  if (found === undefined) {
    throw new TableError('NOT_FOUND', `the Iceberg metadata file ${path} was not found`, {
      context: { path },
    })
  }
  const document = await documentBytes(found.bytes, path, budgets)
  return parseMetadata(document, { path, meta: found.meta }, budgets)
}

/** Table metadata from its uncompressed document. */
export async function parseMetadata(
  bytes: Uint8Array,
  file: { readonly path: string; readonly meta: ObjectMeta },
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Promise<IcebergMetadata> {
  const json = await parseLongJson(bytes, { path: file.path, budgets, members: MAX_MEMBERS })
  checkVersion(json, file.path)
  const document = checked(tableDocument, json, file.path)
  const { snapshots, 'snapshot-log': log } = json as JsonObject
  const histories = await readHistory({ snapshots, log }, file.path)
  return inContext(file.path, () => ({
    ...file,
    document: bytes,
    ...convert(document, histories, { path: file.path, budgets }),
  }))
}

/** A later version is refused before anything else in it is judged. */
function checkVersion(json: JsonValue, path: string): void {
  const version =
    typeof json === 'object' && json !== null
      ? (json as Readonly<Record<string, JsonValue>>)['format-version']
      : undefined
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw corrupt(path, `format-version is ${versionText(version)}`)
  }
  if (version > NEWEST_VERSION) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `Iceberg format version ${version}: versions 1 to ${NEWEST_VERSION} are read`,
      { context: { path, version } },
    )
  }
}

function versionText(version: JsonValue | undefined): string {
  return version === undefined ? 'missing' : valueText(version)
}

function convert(
  document: TableDocument,
  history: SnapshotHistory,
  { path, budgets }: { readonly path: string; readonly budgets: ReadBudgets },
): Omit<IcebergMetadata, 'path' | 'meta' | 'document'> {
  const schemas = convertSchemas(document, budgets)
  const specs = convertSpecs(document)
  const currentSnapshotId = currentSnapshot(document, history)
  return {
    formatVersion: document['format-version'],
    tableId: document['table-uuid'] ?? document.location ?? path,
    location: document.location ?? undefined,
    lastUpdated: document['last-updated-ms'] ?? 0,
    ...schemas,
    ...specs,
    properties: document.properties ?? new Map(),
    ...history,
    currentSnapshotId,
    refs: convertRefs(document, currentSnapshotId),
  }
}

function convertSchemas(
  document: TableDocument,
  budgets: ReadBudgets,
): Pick<IcebergMetadata, 'schemas' | 'currentSchemaId' | 'isHistoryWhole'> {
  const listed = document.schemas ?? []
  const only = document.schema ?? undefined
  if (listed.length === 0 && (only === undefined || document['format-version'] > 1)) {
    throw new Error('schemas is missing')
  }
  const all = listed.length > 0 ? listed : [only!]
  for (const { fields } of all) {
    const observed = columnCount(fields as JsonValue[])
    requireWithin(budgets, 'columns', { what: 'a schema', observed, unit: 'columns' })
  }
  const schemas = new Map(
    all.map(one => [one['schema-id'] ?? 0, parseFields(one.fields as JsonValue[])]),
  )
  // Refuses two fields of one id.
  for (const fields of schemas.values()) fieldsById(fields)
  // Version 1 may leave the id out: then the schema beside the list is the current one.
  const fallback = only ?? (all.length === 1 ? all[0] : undefined)
  const currentSchemaId = document['current-schema-id'] ?? fallback?.['schema-id'] ?? 0
  if (document['current-schema-id'] == null && fallback === undefined) {
    throw new Error('current-schema-id is missing')
  }
  if (!schemas.has(currentSchemaId)) {
    throw new Error(`current-schema-id ${currentSchemaId} is not among the schemas`)
  }
  return { schemas, currentSchemaId, isHistoryWhole: isHistoryWhole(document, schemas) }
}

/** Ids of schemas count from 0 and those of fields from 1: a gap was left by what has expired. */
function isHistoryWhole(
  document: TableDocument,
  schemas: ReadonlyMap<number, readonly Field[]>,
): boolean {
  if ((document.schemas ?? []).length === 0) return false
  if (largest(schemas.keys()) !== schemas.size - 1) return false
  const known = new Set([...schemas.values()].flatMap(fields => [...fieldsById(fields).keys()]))
  return known.size >= (document['last-column-id'] ?? 0)
}

function convertSpecs(document: TableDocument): Pick<IcebergMetadata, 'specs' | 'defaultSpecId'> {
  const version = document['format-version']
  const listed = document['partition-specs']
  if (!listed && (version > 1 || !document['partition-spec'])) {
    throw new Error('partition-specs is missing')
  }
  const all = listed ?? [{ 'spec-id': 0, fields: document['partition-spec']! }]
  const specs = new Map(
    all.map(spec => [spec['spec-id'], convertSpec(spec['spec-id'], spec.fields)]),
  )
  const highest = largest(specs.keys())
  const defaultSpecId = document['default-spec-id'] ?? highest
  if (!specs.has(defaultSpecId)) {
    throw new Error(`default-spec-id ${defaultSpecId} is not among the partition specs`)
  }
  return { specs, defaultSpecId }
}

/** 0 of none. */
function largest(ids: Iterable<number>): number {
  let most = 0
  for (const id of ids) most = Math.max(most, id)
  return most
}

/** Version 1 assigned no field ids: they count from 1000 (spec, "Partition Evolution"). */
function convertSpec(id: number, fields: readonly PartitionFieldDocument[]): PartitionSpec {
  return {
    id,
    fields: fields.map((field, position) => {
      const source = field['source-id']
      const sourceIds = field['source-ids'] ?? (source === undefined ? undefined : [source])
      if (sourceIds === undefined) throw new Error(`a field of partition spec ${id} has no source`)
      const transform = parseTransform(field.transform)
      return {
        id: field['field-id'] ?? 1000 + position,
        sourceIds,
        name: field.name ?? `partition_${position}`,
        // Of several sources, no transform is defined yet.
        transform: sourceIds.length === 1 ? transform : { kind: 'unknown', name: field.transform },
      }
    }),
  }
}

/** Writers spell "no snapshot" as null, as -1 or not at all. */
function currentSnapshot(
  document: TableDocument,
  { snapshots, log }: SnapshotHistory,
): bigint | undefined {
  const id = document['current-snapshot-id']
  if (id === null || id === undefined || id === -1n) {
    const main = document.refs?.main?.['snapshot-id']
    // They are to be the same (spec, "Table Metadata Fields"): a table that lost one is not empty.
    if (main !== undefined && main !== -1n) {
      throw new Error(`current-snapshot-id is missing, and the main branch is at ${main}`)
    }
    // Writers that know of refs leave it out where main has none. Before them it was always there: the log ends with it.
    const last = log.at(-1)?.snapshotId
    if (id === undefined && !document.refs && last !== undefined && snapshots.has(last)) {
      throw new Error(`current-snapshot-id is missing, and the log of snapshots ends with ${last}`)
    }
    return undefined
  }
  if (!snapshots.has(id)) throw new Error(`current-snapshot-id ${id} is not among the snapshots`)
  return id
}

/** Without refs, main is the current snapshot (spec, "Snapshot References"). */
function convertRefs(
  document: TableDocument,
  current: bigint | undefined,
): ReadonlyMap<string, IcebergRef> {
  const refs = new Map<string, IcebergRef>(
    Object.entries(document.refs ?? {}).map(([name, ref]) => [
      name,
      { kind: ref.type, snapshotId: ref['snapshot-id'] },
    ]),
  )
  if (current !== undefined && !refs.has('main')) {
    refs.set('main', { kind: 'branch', snapshotId: current })
  }
  return refs
}

function inContext<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof TableError) {
      throw new TableError(error.code, `${error.message} (${path})`, {
        context: { ...error.context, path },
        cause: error,
      })
    }
    throw corrupt(path, error instanceof Error ? error.message : String(error))
  }
}
