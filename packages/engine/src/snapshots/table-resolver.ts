import { TableError, type TableFormat, type TableReader, type TableSource } from '@spillway/core'

/** Which reader a table belongs to. */
export interface TableResolver {
  readerFor(source: TableSource, signal?: AbortSignal): Promise<TableReader>
}

/**
 * A source without a format goes to the first reader, in the order given, that detects a table there: put the
 * reader of bare Parquet directories last. What was detected is remembered for as long as the resolver lives.
 */
export function createTableResolver(readers: readonly TableReader[]): TableResolver {
  const detected = new Map<string, TableReader>()

  async function detect(source: TableSource, signal?: AbortSignal): Promise<TableReader> {
    const known = detected.get(source.location)
    if (known !== undefined) return known
    for (const reader of readers) {
      if (await reader.detect(source, signal)) {
        detected.set(source.location, reader)
        return reader
      }
    }
    throw new TableError(
      'NOT_FOUND',
      `no ${readers.map(reader => reader.format).join(', ')} table was found at ${source.location}`,
      { context: { location: source.location } },
    )
  }

  return {
    async readerFor(source, signal) {
      if (source.format === undefined) return detect(source, signal)
      const reader = readers.find(candidate => candidate.format === source.format)
      if (reader !== undefined) return reader
      throw noReader(source.format, readers)
    },
  }
}

function noReader(format: TableFormat, readers: readonly TableReader[]): TableError {
  const known = readers.map(reader => reader.format).join(', ')
  return new TableError('UNSUPPORTED_FEATURE', `no reader for ${format} tables; there is ${known}`)
}

/** What makes two sources the same table read the same way. */
export function sourceKey(source: TableSource): string {
  const { location, format, metadataFile, rebase, view, auxiliaryLocations, redactDropped } = source
  const place = location.replace(/\/+$/, '')
  // What may be handed out is part of a snapshot's source: one that was loaded for other rules is another.
  const rules = [auxiliaryLocations, redactDropped]
  return JSON.stringify([place, format, metadataFile, rebase, view, ...rules])
}
