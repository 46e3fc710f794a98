import {
  budgetsOf,
  DEFAULT_BUDGETS,
  type Field,
  inSlices,
  type ObjectMeta,
  type ObjectStore,
  type PartitionField,
  type PartitionSpec,
  type ReadBudgets,
  readWhole,
  requireWithin,
  Slices,
  type Steps,
  TableError,
} from '@spillway/core'
import {
  documentBytes,
  type LongJsonObject,
  type LongJsonValue,
  MAX_MEMBERS,
  parseLongJson,
  valueText,
} from '@spillway/encoding'
import { parseTransform } from '../partition/transform.js'
import {
  columnCount,
  FIELDS_IN_A_STEP,
  fieldsById,
  parseFields,
  type SchemaHistory,
} from '../schema/schema.js'
import { badMetadata, checked } from './check-document.js'
import { type TableDocument, tableDocument } from './document.js'
import { type DocumentLists, readLists, type SpecField } from './document-lists.js'
import { readHistory, type SnapshotHistory } from './snapshot-history.js'

/** The newest version of the spec that is read here. */
const NEWEST_VERSION = 3

interface IcebergRef {
  readonly kind: 'branch' | 'tag'
  readonly snapshotId: bigint
}

/** One table metadata file, versions 1 to 3 in one shape. */
export interface IcebergMetadata extends SchemaHistory {
  readonly path: string
  readonly meta: ObjectMeta
  /** Uncompressed, in UTF-8. */
  readonly document: Uint8Array
  readonly formatVersion: number
  readonly tableId: string
  readonly location: string | undefined
  readonly lastUpdated: number
  readonly currentSchemaId: number
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
  const { path } = file
  const longMembers = { refs: MAX_REFS }
  const json = await parseLongJson(bytes, { path, budgets, members: MAX_MEMBERS, longMembers })
  checkVersion(json, path)
  const document = checked(tableDocument, json, path)
  const slices = new Slices()
  const lists = await inSlices(readLists(document, path, budgets), slices)
  const { snapshots, 'snapshot-log': log } = json as LongJsonObject
  const history = await readHistory({ snapshots, log }, path)
  const work = convert({ ...document, ...lists }, history, { path, budgets })
  const converted = await inSlices(work, slices, next => inContext(path, next))
  return { ...file, document: bytes, ...converted }
}

/** Builds tag each commit; a map of more would be made anew for longer than others wait. */
const MAX_REFS = 200_000

/** The document once it was checked, with its lists. */
type CheckedDocument = Omit<TableDocument, 'schemas' | 'refs'> & DocumentLists

/** A later version is refused before anything else in it is judged. */
function checkVersion(json: LongJsonValue, path: string): void {
  const version =
    typeof json === 'object' && json !== null
      ? (json as Readonly<Record<string, LongJsonValue>>)['format-version']
      : undefined
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw badMetadata(path, `format-version is ${versionText(version)}`)
  }
  if (version > NEWEST_VERSION) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `Iceberg format version ${version}: versions 1 to ${NEWEST_VERSION} are read`,
      { context: { path, version } },
    )
  }
}

function versionText(version: LongJsonValue | undefined): string {
  return version === undefined ? 'missing' : valueText(version)
}

function* convert(
  document: CheckedDocument,
  history: SnapshotHistory,
  { path, budgets }: { readonly path: string; readonly budgets: ReadBudgets },
): Steps<Omit<IcebergMetadata, 'path' | 'meta' | 'document'>> {
  const schemas = yield* convertSchemas(document, budgets)
  const specs = yield* convertSpecs(document)
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
    refs: yield* convertRefs(document, currentSnapshotId),
  }
}

function* convertSchemas(
  document: CheckedDocument,
  budgets: ReadBudgets,
): Steps<Pick<IcebergMetadata, 'schemas' | 'currentSchemaId' | 'isHistoryWhole'>> {
  const listed = document.schemas
  const only = document.schema ?? undefined
  if (listed.length === 0 && (only === undefined || document['format-version'] > 1)) {
    throw new Error('schemas is missing')
  }
  const all = listed.length > 0 ? listed : [only!]
  for (const { fields } of all) {
    const observed = yield* columnCount(fields)
    requireWithin(budgets, 'columns', { what: 'a schema', observed, unit: 'columns' })
    yield
  }
  const schemas = new Map<number, readonly Field[]>()
  for (const one of all) {
    schemas.set(one['schema-id'] ?? 0, yield* parseFields(one.fields))
    yield
  }
  const known = new Set<number>()
  for (const fields of schemas.values()) {
    // Refuses two fields of one id.
    const ids = (yield* fieldsById(fields)).keys()
    for (const id of ids) known.add(id)
    yield
  }
  // Version 1 may leave the id out: then the schema beside the list is the current one.
  const fallback = only ?? (all.length === 1 ? all[0] : undefined)
  const currentSchemaId = document['current-schema-id'] ?? fallback?.['schema-id'] ?? 0
  if (document['current-schema-id'] == null && fallback === undefined) {
    throw new Error('current-schema-id is missing')
  }
  if (!schemas.has(currentSchemaId)) {
    throw new Error(`current-schema-id ${currentSchemaId} is not among the schemas`)
  }
  // Ids of schemas count from 0 and those of fields from 1: a gap was left by what has expired.
  const isHistoryWhole =
    listed.length > 0 &&
    largest(schemas.keys()) === schemas.size - 1 &&
    known.size >= (document['last-column-id'] ?? 0)
  return { schemas, currentSchemaId, isHistoryWhole }
}

function* convertSpecs(
  document: CheckedDocument,
): Steps<Pick<IcebergMetadata, 'specs' | 'defaultSpecId'>> {
  if (!document.specs && (document['format-version'] > 1 || !document.spec)) {
    throw new Error('partition-specs is missing')
  }
  const specs = new Map<number, PartitionSpec>()
  for (const { id, fields } of document.specs ?? [{ id: 0, fields: document.spec! }]) {
    specs.set(id, yield* convertSpec(id, fields))
    yield
  }
  const defaultSpecId = document['default-spec-id'] ?? largest(specs.keys())
  if (!specs.has(defaultSpecId)) {
    throw new Error(`default-spec-id ${defaultSpecId} is not among the partition specs`)
  }
  return { specs, defaultSpecId }
}

/** The largest of `ids`; 0 where there are none. */
function largest(ids: Iterable<number>): number {
  let most = 0
  for (const id of ids) most = Math.max(most, id)
  return most
}

/** Version 1 assigned no field ids: they count from 1000 (spec, "Partition Evolution"). */
function* convertSpec(id: number, fields: readonly SpecField[]): Steps<PartitionSpec> {
  const converted: PartitionField[] = []
  for (const { id: fieldId, name, sourceIds, transform } of fields) {
    const position = converted.length
    if (sourceIds === undefined) throw new Error(`a field of partition spec ${id} has no source`)
    converted.push({
      id: fieldId ?? 1000 + position,
      sourceIds,
      name: name ?? `partition_${position}`,
      // Of several sources, no transform is defined yet.
      transform:
        sourceIds.length === 1 ? parseTransform(transform) : { kind: 'unknown', name: transform },
    })
    if (position % FIELDS_IN_A_STEP === FIELDS_IN_A_STEP - 1) yield
  }
  return { id, fields: converted }
}

/** Writers spell "no snapshot" as null, as -1 or not at all. */
function currentSnapshot(
  document: CheckedDocument,
  { snapshots, log }: SnapshotHistory,
): bigint | undefined {
  const id = document['current-snapshot-id']
  if (id === null || id === undefined || id === -1n) {
    const main = document.refs?.get('main')?.['snapshot-id']
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
function* convertRefs(
  { refs: listed }: CheckedDocument,
  current: bigint | undefined,
): Steps<ReadonlyMap<string, IcebergRef>> {
  const refs = new Map<string, IcebergRef>()
  for (const [name, { type, 'snapshot-id': snapshotId }] of listed ?? []) {
    refs.set(name, { kind: type, snapshotId })
    if (refs.size % FIELDS_IN_A_STEP === 0) yield
  }
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
    throw badMetadata(path, error instanceof Error ? error.message : String(error))
  }
}
