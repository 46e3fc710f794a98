import { type SnapshotRef, TableError, type TableFormat, type TableSource } from '@spillway/core'
import { folderUri, joinUri, locationFromInput } from '@spillway/storage'

/** A table as people and scripts name it. */
export interface TableInput {
  readonly location: string
  readonly format?: TableFormat | undefined
  readonly metadataFile?: string | undefined
  readonly rebase?: readonly { readonly from: string; readonly to: string }[] | undefined
  readonly auxiliaryLocations?: readonly string[] | undefined
  readonly view?: 'snapshot' | 'read-optimized' | undefined
  readonly redactDropped?: 'rewrite' | 'refuse' | undefined
}

export interface VersionInput {
  readonly version?: bigint | undefined
  readonly snapshotId?: bigint | undefined
  readonly ref?: string | undefined
  readonly timestamp?: string | undefined
}

/**
 * Paths relative to the table become absolute, and absolute ones, of this machine or URIs, stay what they are; a local
 * location is relative to `folder`.
 */
export function sourceOf(input: TableInput, folder: string): TableSource {
  const location = locationFromInput(input.location, folder)
  return locatedSource({
    ...input,
    location,
    ...(input.metadataFile && { metadataFile: below(location, input.metadataFile) }),
    ...(input.rebase && {
      rebase: input.rebase.map(({ from, to }) => ({ from, to: rebased(location, to) })),
    }),
    ...(input.auxiliaryLocations && {
      auxiliaryLocations: input.auxiliaryLocations.map(each => locationFromInput(each, folder)),
    }),
  })
}

/** The same of a table whose places are URIs already, as those of a configuration that was read: they are raw. */
export function locatedSource(table: TableInput): TableSource {
  const { location, format, metadataFile, rebase, auxiliaryLocations, view, redactDropped } = table
  return {
    location,
    ...(format && { format }),
    ...(metadataFile && { metadataFile }),
    rebase,
    auxiliaryLocations,
    ...(view && { view }),
    ...(redactDropped && { redactDropped }),
  }
}

function rebased(location: string, to: string): string {
  return to === '' ? folderUri(location) : below(location, to)
}

function below(location: string, path: string): string {
  return path.startsWith('/') ? locationFromInput(path, '/') : joinUri(location, path)
}

/** At most one way of naming a version; none is the latest. */
export function refOf(input: VersionInput): SnapshotRef {
  const given = (['version', 'snapshotId', 'ref', 'timestamp'] as const).filter(
    key => input[key] !== undefined,
  )
  if (given.length > 1) {
    throw new TableError('INVALID_REQUEST', `${given.join(' and ')} cannot be given together`)
  }
  if (input.version !== undefined) return { kind: 'version', version: input.version }
  if (input.snapshotId !== undefined) return { kind: 'snapshotId', id: input.snapshotId }
  if (input.ref !== undefined) return { kind: 'branch', name: input.ref }
  if (input.timestamp === undefined) return { kind: 'latest' }
  return { kind: 'timestamp', timestamp: parseTimestamp(input.timestamp), direction: 'before' }
}

/** ISO 8601 in UTC: without a zone the same text would mean another moment on another machine. */
export function parseTimestamp(text: string): number {
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)
  const timestamp = zoned ? Date.parse(text) : Number.NaN
  if (Number.isFinite(timestamp)) return timestamp
  throw new TableError(
    'INVALID_REQUEST',
    `expected a timestamp such as 2026-01-31T12:00:00Z, found ${JSON.stringify(text.slice(0, 100))}`,
  )
}
