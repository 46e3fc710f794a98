import type { Field } from '@spillway/core'
import {
  type LearningShapes,
  type ParquetFooter,
  parquetFields,
  parseParquetMetadata,
} from '@spillway/encoding'
import type { FooterReader } from './footers.js'
import type { ListedFile } from './table-location.js'

/** What a snapshot keeps of a file: enough for the table's schema and its counts. */
export interface FileFacts {
  readonly identity: string
  readonly rowCount: number
  /** One object for all files of one schema. */
  readonly fields: readonly Field[]
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
  const schemas = new Map([...known.values()].map(({ fields }) => [JSON.stringify(fields), fields]))
  const unread = [...files.keys()].filter(index => facts[index] === undefined)
  const footers = new Map<string, Uint8Array>()
  await reader.forEach(
    unread.map(index => files[index]!),
    (bytes, position) => {
      const index = unread[position]!
      const file = files[index]!
      const footer = parseFooter(bytes, file.path)
      shapes?.learn(file, footer)
      const fields = shared(schemas, parquetFields(footer))
      facts[index] = { identity: identityOf(file), rowCount: footer.rowCount, fields }
      footers.set(file.path, bytes)
    },
    signal,
  )
  return { facts: facts.map(each => each!), footers }
}

function shared(
  schemas: Map<string, readonly Field[]>,
  fields: readonly Field[],
): readonly Field[] {
  const key = JSON.stringify(fields)
  const known = schemas.get(key)
  if (known === undefined) schemas.set(key, fields)
  return known ?? fields
}

/** Changes whenever a file is written anew. */
export function identityOf({ size, lastModified, etag }: ListedFile): string {
  return `${size} ${lastModified} ${etag ?? ''}`
}

export function parseFooter(bytes: Uint8Array, path: string): ParquetFooter {
  return parseParquetMetadata(bytes, path).footer
}

/** Index of a footer's leaf by the names on the way to it; undefined where the file lacks it. */
export function leafOfPath(footer: ParquetFooter, names: readonly string[]): number | undefined {
  const at = footer.leaves.findIndex(
    ({ path }) => path.length === names.length && path.every((name, i) => name === names[i]),
  )
  return at < 0 ? undefined : at
}

/** True where no column of the file begins the path: rows then hold null there. */
export function lacksColumn(footer: ParquetFooter, names: readonly string[]): boolean {
  return !footer.root.children.some(({ name }) => name === names[0])
}
