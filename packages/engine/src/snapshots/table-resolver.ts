import {
  TableError,
  type TableFormat,
  type TableReader,
  type TableSource,
  type UrlSigner,
} from '@spillway/core'

/** Which reader and which signer a location belongs to. */
export interface TableResolver {
  readerFor(source: TableSource, signal?: AbortSignal): Promise<TableReader>
  signerFor(path: string): UrlSigner
}

/**
 * A source without a format goes to the first reader, in the order given, that detects a table there: put the
 * reader of bare Parquet directories last. What was detected is remembered for as long as the resolver lives.
 */
export function createTableResolver(
  readers: readonly TableReader[],
  signers: readonly UrlSigner[],
): TableResolver {
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
    signerFor(path) {
      const signer = signers.find(candidate => candidate.covers(path))
      if (signer !== undefined) return signer
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        "a file of the table lies in storage that the provider's configuration has no signer for; ask your provider",
        { context: { feature: 'signing', path } },
      )
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
