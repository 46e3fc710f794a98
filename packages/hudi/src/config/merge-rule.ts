import { TableError } from '@spillway/core'
import type { TableConfig } from './table-config.js'

/** How records of one key are merged, oldest first. */
export interface MergeRule {
  /** Whether ordering values decide between two log records: else the later one wins. */
  readonly orderLogs: boolean
  /** Whether they decide between the base row and a log record: else the log wins. */
  readonly orderBase: boolean
  /** To version 6, a delete in the logs removes the base row whatever its ordering value. */
  readonly deletesBase: boolean
  readonly orderingFields: readonly string[]
}

/** Payloads of tables to version 6, and of later ones that state no merge mode, by the last part of their name. */
const OVERWRITE = new Set(['OverwriteWithLatestAvroPayload'])
const EVENT_TIME = new Set(['DefaultHoodieRecordPayload', 'EventTimeAvroPayload'])
/** Strategies that are the two orderings under an id: event time (default) and commit time. */
const KNOWN_STRATEGIES = new Set([
  'eeb8d96f-b1e4-49fd-bbf8-28ac514178e5',
  'ce9acb64-bde0-424c-9b91-f6ebba25356d',
])

/** Refuses, by name, every way of merging that is not one of the two orderings. */
export function mergeRule(config: TableConfig): MergeRule {
  const { properties, orderingFields } = config
  const property = (key: string) => properties.get(key)?.trim() || undefined
  refusePartial(property, properties)
  const mode = property('hoodie.record.merge.mode')?.toUpperCase()
  const ordered = orderingFields.length > 0
  if (config.tableVersion >= 8 && mode !== undefined) {
    if (mode === 'COMMIT_TIME_ORDERING') {
      return { orderLogs: false, orderBase: false, deletesBase: false, orderingFields: [] }
    }
    if (mode === 'EVENT_TIME_ORDERING') {
      return { orderLogs: ordered, orderBase: ordered, deletesBase: false, orderingFields }
    }
    throw unsupported(
      `record merge mode ${mode} with strategy ${property('hoodie.record.merge.strategy.id') ?? 'unknown'} and payload ${payloadOf(property) ?? 'unknown'}`,
    )
  }
  return payloadRule(config, payloadOf(property), property)
}

type Property = (key: string) => string | undefined

function payloadOf(property: Property): string | undefined {
  return (
    property('hoodie.compaction.payload.class') ?? property('hoodie.datasource.write.payload.class')
  )
}

function payloadRule(
  { orderingFields }: TableConfig,
  payload: string | undefined,
  property: Property,
): MergeRule {
  const strategy = property('hoodie.compaction.record.merger.strategy')
  if (strategy !== undefined && !KNOWN_STRATEGIES.has(strategy)) {
    throw unsupported(`record merger strategy ${strategy}`)
  }
  const name = payload?.slice(payload.lastIndexOf('.') + 1) ?? 'OverwriteWithLatestAvroPayload'
  const ordered = orderingFields.length > 0
  // Both payloads settle log records among themselves by ordering value; they differ about the base row.
  if (OVERWRITE.has(name)) {
    return { orderLogs: ordered, orderBase: false, deletesBase: true, orderingFields }
  }
  if (EVENT_TIME.has(name)) {
    return { orderLogs: ordered, orderBase: ordered, deletesBase: true, orderingFields }
  }
  throw unsupported(`record payload ${payload}`)
}

function refusePartial(property: Property, properties: ReadonlyMap<string, string>): void {
  const partial = property('hoodie.table.partial.update.mode')
  if (partial !== undefined && partial.toUpperCase() !== 'NONE') {
    throw unsupported(`partial update mode ${partial}`)
  }
  for (const [key, value] of properties) {
    if (/payload\.delete\.(field|marker)$/.test(key) && value !== '') {
      throw unsupported(`a custom delete marker (${key})`)
    }
  }
}

/** The refusal of a table whose logs are merged in a way that is not implemented. */
export function unsupported(what: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table's log files are merged by ${what}, which is not implemented; its read-optimized view can be shared, or the table compacted`,
    { context: { feature: what } },
  )
}
