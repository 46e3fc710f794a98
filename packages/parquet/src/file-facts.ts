import { type Field, inSlices, type ReadBudgets, Slices, type Steps } from '@spillway/core'
import {
  type LearningShapes,
  type ParquetFooter,
  pandasIndexes,
  parquetFieldsInSteps,
  parseLongMetadata,
} from '@spillway/encoding'
import type { FooterReader } from './footers.js'
import { partitionSegments } from './hive-partitions.js'
import { eachInSteps } from './in-steps.js'
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
  readonly own?: ReadonlyMap<string, OwnColumn> | undefined
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
  readonly shapes?: Pick<LearningShapes, 'learn'> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Facts of all files: the schema is all of theirs. Footers of files that `known` has are not read again. */
export async function readFacts(
  reader: FooterReader,
  files: readonly ListedFile[],
  options: ReadFactsOptions,
): Promise<FactsRead> {
  const { known, shapes, signal } = options
  const { facts, schemas, unread } = await inSlices(factsBefore(files, known))
  const footers = new Map<string, Uint8Array>()
  const slices = new Slices()
  await reader.forEach(
    unread.map(index => files[index]!),
    async (bytes, position) => {
      const index = unread[position]!
      const file = files[index]!
      const footer = await parseFooter(bytes, file.path, reader.budgets)
      await shapes?.learn(file, footer)
      facts[index] = await inSlices(factsOf(file, footer, schemas), slices)
      footers.set(file.path, bytes)
      // Reads that end together are one piece of work for the event loop, and a footer of many columns is much by itself.
      if (slices.isOverNow) await slices.pause()
    },
    signal,
  )
  return { facts: facts as readonly FileFacts[], footers }
}

interface FactsBefore {
  /** By file; undefined where its footer is to be read. */
  readonly facts: (FileFacts | undefined)[]
  readonly schemas: Map<string, readonly Field[]>
  readonly unread: readonly number[]
}

function* factsBefore(
  files: readonly ListedFile[],
  known: ReadonlyMap<string, FileFacts>,
): Steps<FactsBefore> {
  const facts: (FileFacts | undefined)[] = []
  const unread: number[] = []
  const distinct = new Set<readonly Field[]>()
  yield* eachInSteps(files, (file, index) => {
    const before = known.get(file.path)
    const isSame = before?.identity === identityOf(file)
    facts.push(isSame ? before : undefined)
    if (isSame) distinct.add(before.fields)
    else unread.push(index)
  })
  // Files of one schema share its fields: each is written out once, not for every file.
  const schemas = new Map<string, readonly Field[]>()
  for (const fields of distinct) {
    schemas.set(JSON.stringify(fields), fields)
    yield
  }
  return { facts, schemas, unread }
}

function* factsOf(
  file: ListedFile,
  footer: ParquetFooter,
  schemas: Map<string, readonly Field[]>,
): Steps<FileFacts> {
  requireUnencrypted(footer)
  const names = partitionSegments(file).map(({ name }) => name)
  const own = ownColumns(footer, names)
  return {
    identity: identityOf(file),
    rowCount: footer.rowCount,
    fields: yield* shared(schemas, footer),
    own,
    ...(pandasIndexes(footer).size > 0 && { hasIndexes: true }),
  }
}

/** The columns of a file, one list for all files that have the same, in steps: there may be many. */
function* shared(
  schemas: Map<string, readonly Field[]>,
  footer: ParquetFooter,
): Steps<readonly Field[]> {
  yield
  const fields = yield* parquetFieldsInSteps(footer)
  yield
  const key = JSON.stringify(fields)
  const known = schemas.get(key)
  yield
  if (known !== undefined) return known
  requireReadable(fields, footer.path)
  yield
  schemas.set(key, fields)
  return fields
}

/** Changes whenever a file is written anew. */
export function identityOf({ size, lastModified, etag }: ListedFile): string {
  return `${size} ${lastModified} ${etag ?? ''}`
}

export async function parseFooter(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): Promise<ParquetFooter> {
  return (await parseLongMetadata(bytes, path, budgets)).footer
}
