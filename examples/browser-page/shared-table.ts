import type { SharingClient, TableName } from '@spillway/client'

export interface SharedFile {
  readonly url: string
  readonly id: string
  readonly size: number
  readonly rows: number | undefined
  readonly partition: Readonly<Record<string, string | null>>
}

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
  readonly files: readonly SharedFile[]
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
  if (answer.metaData.kind !== 'metaData') throw new Error('expected an answer in parquet format')
  const { schemaString, partitionColumns } = answer.metaData.metaData
  const files: SharedFile[] = []
  for await (const action of answer.actions) {
    if (action.kind !== 'file') continue
    const { url, id, size, stats, partitionValues } = action.file
    files.push({ url, id, size: Number(size), rows: rowsOf(stats), partition: partitionValues })
  }
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
  for await (const action of answer.actions) if (action.kind === 'file') ids.add(action.file.id)
  return ids
}

function rowsOf(stats: string | undefined): number | undefined {
  const { numRecords } = JSON.parse(stats ?? '{}') as { numRecords?: number }
  return numRecords
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
