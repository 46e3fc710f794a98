import { type AnswerFile, type SharingClient, type TableName, tableOf } from '@spillway/client'

export interface Column {
  readonly name: string
  readonly type: string
  readonly comment: string | undefined
}

/** A table as its answer describes it; no data file has been touched. */
export interface SharedTable {
  readonly name: TableName
  readonly version: bigint | undefined
  readonly columns: readonly Column[]
  readonly partitionColumns: readonly string[]
  readonly files: readonly AnswerFile[]
}

/**
 * Asks in Parquet format alone: what comes is then complete files that hold exactly the table's rows, and a table for
 * which the server has none is refused with its reason.
 */
export async function openTable(
  client: SharingClient,
  name: TableName,
  signal: AbortSignal,
): Promise<SharedTable> {
  const answer = await client.query(name, { capabilities: { formats: ['parquet'] }, signal })
  const { schemaString, partitionColumns } = tableOf(answer)
  const files: AnswerFile[] = []
  for await (const file of answer.files()) files.push(file)
  return {
    name,
    version: answer.version,
    columns: columnsOf(schemaString),
    partitionColumns,
    files,
  }
}

/** Ids of the files that may hold matching rows. */
export async function keptFiles(
  client: SharingClient,
  name: TableName,
  predicate: string,
): Promise<ReadonlySet<string>> {
  const answer = await client.query(name, {
    capabilities: { formats: ['parquet'] },
    predicateHints: [predicate],
  })
  const ids = new Set<string>()
  for await (const { id } of answer.files()) ids.add(id)
  return ids
}

interface SparkField {
  readonly name: string
  readonly type: string | { readonly type: string }
  readonly metadata?: { readonly comment?: string }
}

function columnsOf(schemaString: string): readonly Column[] {
  const { fields } = JSON.parse(schemaString) as { fields: readonly SparkField[] }
  return fields.map(({ name, type, metadata }) => ({
    name,
    type: typeof type === 'string' ? type : type.type,
    comment: metadata?.comment,
  }))
}
