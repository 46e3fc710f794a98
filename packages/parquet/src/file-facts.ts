import type { Field, ReadBudgets } from '@spillway/core'
import {
  type LearningShapes,
  type ParquetFooter,
  pandasIndexes,
  parquetFields,
  parseParquetMetadata,
} from '@spillway/encoding'
import type { FooterReader } from './footers.js'
import { partitionSegments } from './hive-partitions.js'
import { type OwnColumn, ownColumns } from './own-columns.js'
import { requireReadable, requireUnencrypted } from './require-readable.js'
import type { ListedFile } from './table-location.js'

/** What a snapshot keeps of a file: enough for the table's schema and its counts. */
export interface FileFacts {
  readonly identity: string
  readonly rowCount: number
  /** One object for all files of one schema. */
  readonly fields: readonly Field[]
  /** Columns that its folders name and that it holds itself all the same. */
  readonly own?: ReadonlyMap<string, OwnColumn>
  /** Set where it holds columns that pandas wrote as an index. */
  readonly hasIndexes?: true
}

export interface FactsRead {
  readonly facts: readonly FileFacts[]
  /** The footers that were read for it, by path. */
  readonly footers: ReadonlyMap<string, Uint8Array>
}

export interface ReadFactsOptions {
  readonly known: ReadonlyMap<string, FileFacts>
  /** Told of every footer that is read. */
  readonly shapes?: Pick<LearningShapes, 'learn'>
  readonly signal?: AbortSignal
}

/** Facts of all files: the schema is all of theirs. Footers of files that `known` has are not read again. */
export async function readFacts(
  reader: FooterReader,
  files: readonly ListedFile[],
  options: ReadFactsOptions,
): Promise<FactsRead> {
  const { known, shapes, signal } = options
  const facts = files.map(file => {
    const before = known.get(file.path)
    return before?.identity === identityOf(file) ? before : undefined
  })
  // Files of one schema share its fields: each is written out once, not for every file.
  const distinct = new Set([...known.values()].map(({ fields }) => fields))
  const schemas = new Map([...distinct].map(fields => [JSON.stringify(fields), fields]))
  const unread = [...files.keys()].filter(index => facts[index] === undefined)
  const footers = new Map<string, Uint8Array>()
  await reader.forEach(
    unread.map(index => files[index]!),
    (bytes, position) => {
      const index = unread[position]!
      const file = files[index]!
      const footer = parseFooter(bytes, file.path, reader.budgets)
      shapes?.learn(file, footer)
      facts[index] = factsOf(file, footer, schemas)
      footers.set(file.path, bytes)
    },
    signal,
  )
  return { facts: facts.map(each => each!), footers }
}

function factsOf(
  file: ListedFile,
  footer: ParquetFooter,
  schemas: Map<string, readonly Field[]>,
): FileFacts {
  requireUnencrypted(footer)
  const names = partitionSegments(file).map(({ name }) => name)
  const own = ownColumns(footer, names)
  return {
    identity: identityOf(file),
    rowCount: footer.rowCount,
    fields: shared(schemas, footer),
    ...(own && { own }),
    ...(pandasIndexes(footer).size > 0 && { hasIndexes: true }),
  }
}

function shared(schemas: Map<string, readonly Field[]>, footer: ParquetFooter): readonly Field[] {
  const fields = parquetFields(footer)
  const key = JSON.stringify(fields)
  const known = schemas.get(key)
  if (known !== undefined) return known
  requireReadable(fields, footer.path)
  schemas.set(key, fields)
  return fields
}

/** Changes whenever a file is written anew. */
export function identityOf({ size, lastModified, etag }: ListedFile): string {
  return `${size} ${lastModified} ${etag ?? ''}`
}

export function parseFooter(bytes: Uint8Array, path: string, budgets: ReadBudgets): ParquetFooter {
  return parseParquetMetadata(bytes, path, budgets).footer
}
