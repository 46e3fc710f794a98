import {
  budgetsOf,
  isValid,
  leafKey,
  MAX_TEXT_BYTES,
  type ParquetBatch,
  type ReadBudgets,
  requireWithin,
  Slices,
  TableError,
} from '@spillway/core'
import { MAX_MEMBERS } from '@spillway/encoding'
import type { Sidecar } from '../actions/actions.js'
import { NumberLeaf, TextLeaf } from './leaf-values.js'
import {
  type CheckpointFile,
  type CheckpointIo,
  type LeafPath,
  leavesUnder,
  mayHold,
  readSlice,
} from './row-group.js'

/** The few rows of a Parquet checkpoint that are not files. */
export interface CheckpointHead {
  readonly protocolJson?: string | undefined
  readonly metadataJson?: string | undefined
  readonly sidecars: readonly Sidecar[]
}

const PROTOCOL = ['protocol', 'minReaderVersion']
const METADATA = ['metaData', 'id']
const SIDECAR = ['sidecar', 'path']
const SIDECAR_SIZE = ['sidecar', 'sizeInBytes']
const FORMAT_OPTIONS = ['metaData', 'format', 'options']
const CONFIGURATION = ['metaData', 'configuration']
const MAPS = [FORMAT_OPTIONS, CONFIGURATION]

/** A map's levels have one spelling for readers, whatever the file calls them. */
export function mapLeaf(path: LeafPath, which: 'key' | 'value'): LeafPath {
  return [...path, 'key_value', which]
}

/** Reads protocol, metaData and sidecars, from the row groups that have any. */
export async function readHead(
  io: CheckpointIo,
  source: CheckpointFile,
  signal?: AbortSignal,
): Promise<CheckpointHead> {
  const { footer } = source
  const leaves = [
    ...leavesUnder(source, ['protocol']),
    ...leavesUnder(source, ['metaData']),
    ...leavesUnder(source, ['sidecar']),
  ].map(leaf => leaf.path)
  leaves.push(...MAPS.flatMap(path => [mapLeaf(path, 'key'), mapLeaf(path, 'value')]))
  const head: {
    protocolJson?: string | undefined
    metadataJson?: string | undefined
    sidecars: Sidecar[]
  } = {
    sidecars: [],
  }
  for (const [rowGroup, { rowCount }] of footer.rowGroups.entries()) {
    if (![PROTOCOL, METADATA, SIDECAR].some(path => mayHold(source, rowGroup, path))) continue
    const slice = { source, rowGroup, start: 0, end: rowCount }
    for await (const { batch } of readSlice(io, slice, leaves, signal)) {
      const rows = new RowDocuments(batch, leaves, budgetsOf(io.store))
      await collect(source, batch, rows, head)
    }
  }
  return head
}

async function collect(
  source: CheckpointFile,
  batch: ParquetBatch,
  rows: RowDocuments,
  head: {
    protocolJson?: string | undefined
    metadataJson?: string | undefined
    sidecars: Sidecar[]
  },
): Promise<void> {
  // One of each is there. Of more the last counts, and no other is put together.
  const protocol = (await presentRows(batch, PROTOCOL)).at(-1)
  if (protocol !== undefined) head.protocolJson = rows.protocol(protocol)
  const metadata = (await presentRows(batch, METADATA)).at(-1)
  if (metadata !== undefined) {
    requirePartitionColumns(source)
    head.metadataJson = rows.metadata(metadata)
  }
  const slices = new Slices()
  const named = await presentRows(batch, SIDECAR)
  for (const row of named) {
    head.sidecars.push(rows.sidecar(row))
    if (slices.isOver) await slices.pause()
  }
  requireSidecarPaths(new Set(named), await presentRows(batch, SIDECAR_SIZE))
}

/** Every metaData action has them (PROTOCOL.md, "Change Metadata"): without the column a table would read as not partitioned. */
function requirePartitionColumns(source: CheckpointFile): void {
  if (leavesUnder(source, ['metaData', 'partitionColumns']).length > 0) return
  throw new TableError('TABLE_CORRUPT', 'a checkpoint has no column metaData.partitionColumns', {
    context: { path: source.file.path },
  })
}

/** A sidecar that nobody can find would be one that is not there. */
function requireSidecarPaths(named: ReadonlySet<number>, sized: readonly number[]): void {
  if (sized.every(row => named.has(row))) return
  throw new TableError('TABLE_CORRUPT', 'a sidecar of the checkpoint has no path')
}

/** Rows that have the leaf: few of very many. */
async function presentRows(batch: ParquetBatch, path: LeafPath): Promise<readonly number[]> {
  const column = batch.leaves.get(leafKey(path))?.column
  if (column === undefined) return []
  const slices = new Slices()
  const rows: number[] = []
  for (let row = 0; row < batch.length; row++) {
    if (isValid(column, row)) rows.push(row)
    if (slices.isOver) await slices.pause()
  }
  return rows
}

/** What escapes make of a character at most. */
const LONGEST_ESCAPE = 6

/**
 * The range, refused where it has more entries than an action of a commit may: documents are put together, and understood,
 * in one piece.
 */
function fewOf(range: readonly [number, number], path: LeafPath): readonly [number, number] {
  const count = range[1] - range[0]
  if (count <= MAX_MEMBERS) return range
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `${path.join('.')} of ${count} entries in a checkpoint: at most ${MAX_MEMBERS} are read`,
  )
}

/** Rows of a checkpoint as the JSON actions they stand for. */
class RowDocuments {
  readonly #batch: ParquetBatch
  readonly #leaves: readonly LeafPath[]
  readonly #budgets: ReadBudgets
  /** Characters of the document at hand. */
  #length = 0

  constructor(batch: ParquetBatch, leaves: readonly LeafPath[], budgets: ReadBudgets) {
    this.#batch = batch
    this.#leaves = leaves
    this.#budgets = budgets
  }

  protocol(row: number): string {
    this.#length = 0
    const minReaderVersion = this.#number(row, ['protocol', 'minReaderVersion'])
    const minWriterVersion = this.#number(row, ['protocol', 'minWriterVersion'])
    const readerFeatures = this.#list(row, ['protocol', 'readerFeatures'])
    const writerFeatures = this.#list(row, ['protocol', 'writerFeatures'])
    return JSON.stringify({
      minReaderVersion,
      minWriterVersion,
      // An empty list and none look alike in columns; from these versions on there must be one.
      ...(readerFeatures.length > 0 || minReaderVersion === 3 ? { readerFeatures } : {}),
      ...(writerFeatures.length > 0 || minWriterVersion === 7 ? { writerFeatures } : {}),
    })
  }

  metadata(row: number): string {
    this.#length = 0
    return JSON.stringify({
      id: this.#text(row, ['metaData', 'id']),
      name: this.#text(row, ['metaData', 'name']),
      description: this.#text(row, ['metaData', 'description']),
      format: {
        provider: this.#text(row, ['metaData', 'format', 'provider']) ?? 'parquet',
        options: this.#map(row, FORMAT_OPTIONS),
      },
      schemaString: this.#text(row, ['metaData', 'schemaString']),
      partitionColumns: this.#list(row, ['metaData', 'partitionColumns']),
      configuration: this.#map(row, CONFIGURATION),
      createdTime: this.#number(row, ['metaData', 'createdTime']),
    })
  }

  sidecar(row: number): Sidecar {
    this.#length = 0
    return {
      path: this.#text(row, SIDECAR) ?? '',
      sizeInBytes: this.#number(row, ['sidecar', 'sizeInBytes']) ?? Number.NaN,
      modificationTime: this.#number(row, ['sidecar', 'modificationTime']) ?? 0,
    }
  }

  #text(row: number, path: LeafPath): string | undefined {
    return this.#held(new TextLeaf(this.#batch, path).text(row))
  }

  /** A document is an action like those of commits: as long, and no longer than a text can be. */
  #held(text: string | undefined): string | undefined {
    this.#length += text?.length ?? 0
    const observed = this.#length
    const what = 'an action of a checkpoint'
    requireWithin(this.#budgets, 'lineBytes', { what, observed, unit: 'characters' })
    if (observed * LONGEST_ESCAPE <= MAX_TEXT_BYTES) return text
    throw new TableError('UNSUPPORTED_FEATURE', `${what} of ${observed} characters`)
  }

  #number(row: number, path: LeafPath): number | undefined {
    return new NumberLeaf(this.#batch, path).at(row)
  }

  #list(row: number, prefix: LeafPath): string[] {
    const path = this.#leaves.find(leaf => prefix.every((name, i) => leaf[i] === name))
    if (path === undefined) return []
    const leaf = new TextLeaf(this.#batch, path)
    const [start, end] = fewOf(leaf.range(row), prefix)
    const texts: string[] = []
    for (let at = start; at < end; at++) {
      const text = this.#held(leaf.text(at))
      if (text !== undefined) texts.push(text)
    }
    return texts
  }

  #map(row: number, prefix: LeafPath): Record<string, string> {
    const keys = new TextLeaf(this.#batch, mapLeaf(prefix, 'key'))
    const values = new TextLeaf(this.#batch, mapLeaf(prefix, 'value'))
    const [start, end] = fewOf(keys.range(row), prefix)
    const entries: [string, string][] = []
    for (let at = start; at < end; at++) {
      const key = this.#held(keys.text(at))
      const value = this.#held(values.text(at))
      if (key !== undefined && value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }
}
