export const OUTPUT_MODES = ['table', 'json', 'csv', 'arrow'] as const
export type OutputMode = (typeof OUTPUT_MODES)[number]

export const PARQUET_COMPRESSIONS = ['zstd', 'snappy', 'gzip', 'lz4_raw', 'uncompressed'] as const
export type ParquetCompression = (typeof PARQUET_COMPRESSIONS)[number]
