import {
  atOnce,
  type Steps,
  type TableMetadata,
  type WritableJson,
  writeJson,
} from '@spillway/core'
import type { Negotiated } from '../capabilities/negotiate.js'
import { hasChangeFeed } from '../capabilities/table-features.js'
import { schemaStringInSteps, strippedSchemaStringInSteps } from '../json/schema-string.js'
import { deltaMetaData, deltaProtocol } from './delta-documents.js'
import { wireTableId } from './table-id.js'

export interface HeaderOptions {
  /** The wire's number of this version. */
  readonly version: bigint
  /** Live files and bytes: Spark lists every file of a table to learn its size when these are absent. */
  readonly totals?: { readonly files: number; readonly bytes: number }
  /** Written in the protocol line too, where a client asked for the protocols of later commits. */
  readonly protocolVersion?: bigint | undefined
  /** What `dir` mode adds; absent where it is not offered. */
  readonly access?: WritableJson
}

/**
 * The protocol and metaData lines. They depend on the snapshot and the client's capabilities alone, so the bytes are
 * the same on /metadata, /query and every page: clients compare them.
 */
export function encodeHeader(
  metadata: TableMetadata,
  negotiated: Negotiated,
  options: HeaderOptions,
): string {
  return atOnce(encodeHeaderInSteps(metadata, negotiated, options))
}

/** The same in steps: the schema of a table with 30,000 columns is megabytes. */
export function* encodeHeaderInSteps(
  metadata: TableMetadata,
  negotiated: Negotiated,
  options: HeaderOptions,
): Steps<string> {
  const { protocolVersion: version } = options
  const protocol = encodeProtocol(metadata, negotiated, version === undefined ? {} : { version })
  return `${protocol}${yield* encodeMetaDataInSteps(metadata, negotiated, options)}`
}

export function encodeProtocol(
  metadata: TableMetadata,
  negotiated: Negotiated,
  facts: { readonly version?: bigint } = {},
): string {
  const protocol: WritableJson =
    negotiated.format === 'parquet'
      ? { minReaderVersion: 1 }
      : { deltaProtocol: deltaProtocol(metadata, negotiated), version: facts.version }
  return `${writeJson({ protocol })}\n`
}

/** The line of a table's metadata alone, in steps. */
export function* encodeMetaDataInSteps(
  metadata: TableMetadata,
  negotiated: Negotiated,
  options: HeaderOptions,
): Steps<string> {
  const facts = {
    version: options.version,
    size: options.totals?.bytes,
    numFiles: options.totals?.files,
    ...((options.access as object | undefined) ?? {}),
  }
  const metaData: WritableJson =
    negotiated.format === 'parquet'
      ? { ...(yield* parquetMetaData(metadata, negotiated)), ...facts }
      : { ...facts, deltaMetadata: yield* deltaMetaData(metadata, negotiated) }
  yield
  return `${writeJson({ metaData })}\n`
}

/** In parquet format nothing of a table's properties is told but that its changes can be asked for. */
function* parquetMetaData(
  metadata: TableMetadata,
  negotiated: Negotiated,
): Steps<{ readonly [key: string]: WritableJson }> {
  return {
    id: wireTableId(metadata),
    name: metadata.name,
    description: metadata.description,
    format: { provider: 'parquet' },
    schemaString: yield* logicalSchemaString(metadata),
    partitionColumns: negotiated.partitionFields(metadata).map(field => field.name),
    configuration: hasChangeFeed(metadata) ? { enableChangeDataFeed: 'true' } : {},
  }
}

/** The schema under its logical names. A Delta log's own text keeps types that ours does not tell apart. */
function* logicalSchemaString({ deltaActions, schema }: TableMetadata): Steps<string> {
  if (deltaActions === undefined) return yield* schemaStringInSteps(schema)
  const { schemaString: text } = JSON.parse(deltaActions.metaData) as { schemaString: string }
  yield
  return yield* strippedSchemaStringInSteps(text)
}
