import { type SharingClient, type TableAnswer, type TableName, tableOf } from '@spillway/client'
import type { Field, Snapshot } from '@spillway/core'
import { compose } from '../tables/compose.js'
import { partitionColumns, readerFeatures } from '../tables/native-facts.js'
import { receivedTable } from '../tables/received-table.js'
import { countFiles, type FileTotals } from './partition-facts.js'

/** What a shared table says about itself, seen from the recipient's side. */
export interface TableDescription extends FileTotals {
  readonly version: bigint | undefined
  /** How the provider answers this client: files as they are, or with Delta's own actions. */
  readonly responseFormat: 'parquet' | 'delta'
  readonly description: string | undefined
  readonly schema: readonly Field[]
  readonly partitionColumns: readonly string[]
  readonly features: readonly string[]
  readonly properties: ReadonlyMap<string, string>
}

export interface DescribeOptions {
  readonly version?: bigint | undefined
  readonly timestamp?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Reads metadata and the list of files; no file is opened. */
export async function describeTable(
  client: SharingClient,
  table: TableName,
  options: DescribeOptions = {},
): Promise<TableDescription> {
  const answer = await client.query(table, options)
  const snapshot = await headerSnapshot(answer, options.signal)
  const names = partitionColumns(snapshot)
  const totals = await countFiles(
    answer.actions,
    names.map(name => ({ name, wireName: wireNameOf(name, snapshot) })),
  )
  return {
    ...totals,
    version: answer.version,
    responseFormat: answer.format,
    description: descriptionOf(answer),
    schema: snapshot.schema.fields,
    partitionColumns: names,
    features: readerFeatures(snapshot),
    properties: new Map(Object.entries(tableOf(answer).configuration ?? {})),
  }
}

type AnswerHeader = Pick<TableAnswer, 'version' | 'format' | 'protocol' | 'metaData'>

/** Columns alone, from the metadata. */
export async function tableFields(
  client: SharingClient,
  table: TableName,
): Promise<readonly Field[]> {
  return (await headerSnapshot(await client.metadata(table))).schema.fields
}

/** Protocol and metadata as a table without files, read by what reads every Delta log. */
async function headerSnapshot(header: AnswerHeader, signal?: AbortSignal): Promise<Snapshot> {
  const { location, store } = await receivedTable({ ...header, actions: nothing() })
  const spillway = compose({ stores: [{ scheme: 'shared', store }] })
  try {
    return await spillway
      .engine()
      .snapshot({ location, format: 'delta' }, { kind: 'latest' }, signal)
  } finally {
    await spillway.close()
  }
}

async function* nothing(): AsyncGenerator<never> {
  // The header alone is asked for.
}

function wireNameOf(name: string, { schema }: Snapshot): string {
  const field = schema.fields.find(each => each.name === name)
  return field?.physicalName ?? name
}

function descriptionOf(answer: TableAnswer): string | undefined {
  return tableOf(answer).description || undefined
}
