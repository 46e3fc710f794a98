import { type FormatFacts, NAME_MAPPING, type TableFormat } from '@spillway/core'

/** What a table of `format` with these properties says of how it keeps data, in a snapshot that a test makes by hand. */
export function formatFacts(
  format: TableFormat,
  properties: ReadonlyMap<string, string> = new Map(),
): FormatFacts {
  switch (format) {
    case 'delta': {
      const mode = properties.get('delta.columnMapping.mode')?.toLowerCase()
      return {
        columnMatching: mode === 'id' ? { by: 'id', withoutIds: 'name' } : { by: 'name' },
        deletes: 'delta-vectors',
        changeFeed: 'none',
        partitionValues: 'metadata',
        modificationTimes: 'file',
      }
    }
    case 'iceberg': {
      const mapping = properties.get(NAME_MAPPING)
      return {
        columnMatching:
          mapping === undefined
            ? { by: 'id', withoutIds: 'position' }
            : { by: 'id', withoutIds: 'mapping', mapping },
        deletes: 'delete-files',
        changeFeed: 'compared',
        partitionValues: mapping === undefined ? 'files' : 'files-or-metadata',
        modificationTimes: 'snapshot',
        mayRepeatFiles: true,
      }
    }
    case 'hudi':
      return {
        columnMatching: { by: 'name' },
        deletes: 'log-files',
        changeFeed: 'compared',
        partitionValues: 'files',
        modificationTimes: 'file',
      }
    case 'parquet':
      return {
        columnMatching: { by: 'name' },
        deletes: 'none',
        changeFeed: 'none',
        partitionValues: 'metadata',
        modificationTimes: 'file',
      }
  }
}
