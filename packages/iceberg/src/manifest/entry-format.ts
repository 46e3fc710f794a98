import type { FileFormat } from '@spillway/core'

/** `unknown` is refused where the file is asked for: it may be one that is withheld. */
export type EntryFormat = FileFormat | 'puffin' | 'unknown'

/** The format that a manifest's entry names. */
export function formatOf(name: string): EntryFormat {
  switch (name.toLowerCase()) {
    case 'parquet':
      return 'parquet'
    case 'avro':
      return 'avro'
    case 'orc':
      return 'orc'
    case 'puffin':
      return 'puffin'
    default:
      return 'unknown'
  }
}
