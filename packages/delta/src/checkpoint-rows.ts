import { isValid, leafKey, type ParquetBatch, TableError } from '@spillway/core'
import type { Sidecar } from './actions.js'
import { NumberLeaf, TextLeaf } from './leaf-access.js'
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
  readonly protocolJson?: string
  readonly metadataJson?: string
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
  const head: { protocolJson?: string; metadataJson?: string; sidecars: Sidecar[] } = {
    sidecars: [],
  }
  for (const [rowGroup, { rowCount }] of footer.rowGroups.entries()) {
    if (![PROTOCOL, METADATA, SIDECAR].some(path => mayHold(source, rowGroup, path))) continue
    const slice = { source, rowGroup, start: 0, end: rowCount }
    for await (const { batch } of readSlice(io, slice, leaves, signal)) collect(batch, leaves, head)
  }
  return head
}

function collect(
  batch: ParquetBatch,
  leaves: readonly LeafPath[],
  head: { protocolJson?: string; metadataJson?: string; sidecars: Sidecar[] },
): void {
  const rows = new RowDocuments(batch, leaves)
  for (const row of presentRows(batch, PROTOCOL)) head.protocolJson = rows.protocol(row)
  for (const row of presentRows(batch, METADATA)) head.metadataJson = rows.metadata(row)
  for (const row of presentRows(batch, SIDECAR)) head.sidecars.push(rows.sidecar(row))
  requireSidecarPaths(batch)
}

/** A sidecar that nobody can find would be one that is not there. */
function requireSidecarPaths(batch: ParquetBatch): void {
  const named = new Set(presentRows(batch, SIDECAR))
  for (const row of presentRows(batch, SIDECAR_SIZE)) {
    if (named.has(row)) continue
    throw new TableError('TABLE_CORRUPT', 'a sidecar of the checkpoint has no path')
  }
}

function* presentRows(batch: ParquetBatch, path: LeafPath): Generator<number> {
  const column = batch.leaves.get(leafKey(path))?.column
  if (column === undefined) return
  for (let row = 0; row < batch.length; row++) if (isValid(column, row)) yield row
}

/** Rows of a checkpoint as the JSON actions they stand for. */
class RowDocuments {
  readonly #batch: ParquetBatch
  readonly #leaves: readonly LeafPath[]

  constructor(batch: ParquetBatch, leaves: readonly LeafPath[]) {
    this.#batch = batch
    this.#leaves = leaves
  }

  protocol(row: number): string {
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
    return {
      path: this.#text(row, SIDECAR) ?? '',
      sizeInBytes: this.#number(row, ['sidecar', 'sizeInBytes']) ?? Number.NaN,
      modificationTime: this.#number(row, ['sidecar', 'modificationTime']) ?? 0,
    }
  }

  #text(row: number, path: LeafPath): string | undefined {
    return new TextLeaf(this.#batch, path).text(row)
  }

  #number(row: number, path: LeafPath): number | undefined {
    return new NumberLeaf(this.#batch, path).at(row)
  }

  #list(row: number, prefix: LeafPath): string[] {
    const path = this.#leaves.find(leaf => prefix.every((name, i) => leaf[i] === name))
    if (path === undefined) return []
    const leaf = new TextLeaf(this.#batch, path)
    const [start, end] = leaf.range(row)
    const texts: string[] = []
    for (let at = start; at < end; at++) {
      const text = leaf.text(at)
      if (text !== undefined) texts.push(text)
    }
    return texts
  }

  #map(row: number, prefix: LeafPath): Record<string, string> {
    const keys = new TextLeaf(this.#batch, mapLeaf(prefix, 'key'))
    const values = new TextLeaf(this.#batch, mapLeaf(prefix, 'value'))
    const [start, end] = keys.range(row)
    const entries: [string, string][] = []
    for (let at = start; at < end; at++) {
      const key = keys.text(at)
      const value = values.text(at)
      if (key !== undefined && value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }
}
