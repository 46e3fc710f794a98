import {
  DEFAULT_BUDGETS,
  ExactNumber,
  type Field,
  isTableError,
  type JsonObject,
  leafOf,
  nextTurn,
  type PartitionSpec,
  parseJsonExactly,
  type ReadBudgets,
  TableError,
  writeJson,
} from '@spillway/core'
import { MAX_MEMBERS, parseJsonWithin, parseLongJson } from '@spillway/encoding'
import { z } from 'zod'
import { shownText } from '../values/shown-text.js'
import { allowsColumnMapping, type Protocol } from './features.js'
import { type ColumnMappingMode, type DeltaSchema, longSchema, parseSchema } from './schema.js'

const metadataSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  format: z.object({ provider: z.string().nullish() }).nullish(),
  schemaString: z.string(),
  partitionColumns: z.array(z.string()).nullish(),
  // Strings, says the protocol; not every writer quotes its numbers and booleans.
  configuration: z
    .record(
      z.string(),
      z.preprocess(asDouble, z.union([z.string(), z.number(), z.boolean()]).nullable()),
    )
    .nullish(),
  createdTime: z.preprocess(asDouble, z.number().nullish()).catch(null),
})

/** A metaData action, understood. */
export interface DeltaMetadata extends DeltaSchema {
  readonly id: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly configuration: ReadonlyMap<string, string>
  readonly columnMappingMode: ColumnMappingMode
  /** The metaData action, its partition columns spelled as the schema spells them. */
  readonly document: string
  /** Partition columns in the order of the metaData action. */
  readonly partitionFields: readonly Field[]
  /** How actions key their partition values. */
  readonly partitionNames: ReadonlySet<string>
  readonly partitionSpec: PartitionSpec
  /** Epoch milliseconds of when the table was made; undefined where it does not say. */
  readonly createdTime: number | undefined
  /** Maxima of at least this many characters may be cut short. */
  readonly stringPrefixLength: number
}

/** A metaData action, understood in one piece. */
export function parseMetadata(
  json: string,
  protocol: Protocol,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): DeltaMetadata {
  const action = checkedAction(parseJsonWithin(json, 'a metaData action', { budgets }))
  const mode = mappingMode(configurationOf(action.configuration ?? {}), protocol)
  return understood(json, action, parseSchema(action.schemaString, mode, budgets), mode)
}

/** A metaData action, understood in slices, since it may be long. */
export async function longMetadata(
  json: string,
  protocol: Protocol,
  budgets: ReadBudgets,
): Promise<DeltaMetadata> {
  if (json.length < LONG_TEXT) return parseMetadata(json, protocol, budgets)
  await nextTurn()
  const action = checkedAction(await parsedInSlices(json, budgets))
  await nextTurn()
  const mode = mappingMode(configurationOf(action.configuration ?? {}), protocol)
  await nextTurn()
  return understood(json, action, await longSchema(action.schemaString, mode, budgets), mode)
}

/** Like `parseJsonWithin`, and settings are no more than can be looked at in one piece. */
async function parsedInSlices(json: string, budgets: ReadBudgets): Promise<unknown> {
  const options = { budgets, members: MAX_MEMBERS }
  return parseLongJson(utf8.encode(json), options).catch((cause: unknown) => {
    const isBroken = isTableError(cause) && cause.code === 'TABLE_CORRUPT'
    throw isBroken
      ? new TableError('TABLE_CORRUPT', 'expected a metaData action in JSON', { cause })
      : cause
  })
}

const utf8 = new TextEncoder()

/** Numbers that no double equals are what `JSON.parse` makes of them. */
function asDouble(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.toJSON()
  return typeof value === 'bigint' ? Number(value) : value
}

/** Characters that take a millisecond to understand. */
const LONG_TEXT = 64 * 1024

type Action = z.infer<typeof metadataSchema>

function checkedAction(json: unknown): Action {
  requireFewPartitionColumns(json)
  const parsed = metadataSchema.safeParse(json)
  if (parsed.success) {
    checkFormat(parsed.data.format?.provider ?? 'parquet')
    return parsed.data
  }
  throw new TableError(
    'TABLE_CORRUPT',
    `the metaData action is malformed: ${shownText(firstIssue(parsed.error))}`,
    { cause: parsed.error },
  )
}

function requireFewPartitionColumns(json: unknown): void {
  const listed = (json as { readonly partitionColumns?: unknown } | null)?.partitionColumns
  if (!Array.isArray(listed) || listed.length <= MAX_MEMBERS) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `${listed.length} partition columns: at most ${MAX_MEMBERS} are read`,
  )
}

function understood(
  json: string,
  action: Action,
  schema: DeltaSchema,
  columnMappingMode: ColumnMappingMode,
): DeltaMetadata {
  const configuration = configurationOf(action.configuration ?? {})
  const partitionFields = (action.partitionColumns ?? []).map(name => partitionField(schema, name))
  return {
    ...schema,
    id: action.id,
    name: action.name ?? undefined,
    description: action.description ?? undefined,
    configuration,
    columnMappingMode,
    document: respelled(json, action.partitionColumns ?? [], partitionFields),
    partitionFields,
    partitionNames: new Set(partitionFields.map(field => field.physicalName)),
    partitionSpec: specOf(partitionFields),
    createdTime: action.createdTime ?? undefined,
    stringPrefixLength: prefixLength(configuration),
  }
}

function checkFormat(provider: string): void {
  if (provider.toLowerCase() === 'parquet') return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table's data files are ${shownText(provider)}, not Parquet`,
  )
}

function configurationOf(
  configuration: Readonly<Record<string, string | number | boolean | null>>,
): ReadonlyMap<string, string> {
  const entries = Object.entries(configuration).filter(([, value]) => value !== null)
  return new Map(entries.map(([key, value]) => [key, String(value)]))
}

function mappingMode(
  configuration: ReadonlyMap<string, string>,
  protocol: Protocol,
): ColumnMappingMode {
  const mode = configuration.get('delta.columnMapping.mode')?.toLowerCase() ?? 'none'
  if (mode !== 'none' && mode !== 'name' && mode !== 'id') {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column mapping mode ${shownText(mode)} is not known`,
    )
  }
  return allowsColumnMapping(protocol) ? mode : 'none'
}

function partitionField(schema: DeltaSchema, name: string): Field {
  const path = schema.schema.find([name])
  if (path !== undefined) return leafOf(path)
  throw new TableError('TABLE_CORRUPT', `partition column ${shownText(name)} is not in the schema`)
}

/** Some writers list partition columns in another case, and recipients look for the schema's. */
function respelled(json: string, listed: readonly string[], fields: readonly Field[]): string {
  if (fields.every(({ name }, i) => name === listed[i])) return json
  const document = parseJsonExactly(json) as JsonObject
  return writeJson({ ...document, partitionColumns: fields.map(({ name }) => name) })
}

function specOf(fields: readonly Field[]): PartitionSpec {
  return {
    id: 0,
    fields: fields.map((field, index) => ({
      id: 1000 + index,
      sourceIds: [field.id],
      name: field.name,
      transform: { kind: 'identity' },
    })),
  }
}

const DEFAULT_PREFIX_LENGTH = 32

/** Files written under a longer setting than today's were cut later, under a shorter one sooner: 32 is the usual floor. */
function prefixLength(configuration: ReadonlyMap<string, string>): number {
  const set = Number(
    configuration.get('delta.dataSkippingStringPrefixLength') ?? DEFAULT_PREFIX_LENGTH,
  )
  return Number.isInteger(set) && set > 0 ? Math.min(set, DEFAULT_PREFIX_LENGTH) : 1
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'unknown' : `${issue.path.join('.')} ${issue.message}`
}
