export type TableFormat = 'delta' | 'iceberg' | 'hudi' | 'parquet'

/** A table's place, and what a provider must say about it that its storage does not. */
export interface TableSource {
  readonly location: string
  readonly format?: TableFormat | undefined
  /** Iceberg: the current metadata file, from a catalog or a person. */
  readonly metadataFile?: string | undefined
  /** Paths recorded under `from` are read under `to`. For tables that were moved. */
  readonly rebase?: readonly { readonly from: string; readonly to: string }[] | undefined
  /** Other roots that files of this table may lie under (shallow clones). Files anywhere else are not handed out. */
  readonly auxiliaryLocations?: readonly string[] | undefined
  /** Hudi: chosen by the provider, never by us. */
  readonly view?: 'snapshot' | 'read-optimized' | undefined
  /** What becomes of files that still hold columns which the table has dropped. Absent: they are sent with them. */
  readonly redactDropped?: 'rewrite' | 'refuse' | undefined
}
