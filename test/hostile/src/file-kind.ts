import type { TableFormat } from '@spillway/core'

/** What a file is to its format: mutants are counted by it. Undefined where no reader of the table opens it. */
export function fileKind(format: TableFormat, path: string): string | undefined {
  switch (format) {
    case 'delta':
      return deltaKind(path)
    case 'iceberg':
      return icebergKind(path)
    case 'hudi':
      return hudiKind(path)
    case 'parquet':
      return path.endsWith('.parquet') ? 'data footer' : undefined
  }
}

function deltaKind(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/\/_delta_log\/_sidecars\//.test(path)) return 'sidecar'
  if (path.includes('/_delta_log/')) {
    if (name === '_last_checkpoint') return '_last_checkpoint'
    if (/^\d{20}\.json$/.test(name)) return 'commit'
    if (/^\d{20}\.crc$/.test(name)) return 'version checksum'
    if (/\.checkpoint\..*json$/.test(name)) return 'V2 checkpoint'
    if (/\.checkpoint.*\.parquet$/.test(name)) return 'checkpoint'
    if (/\.compacted\.json$/.test(name)) return 'compacted log'
    return undefined
  }
  if (/deletion_vector_[^/]*\.bin$/.test(name)) return 'deletion vectors'
  return name.endsWith('.parquet') ? 'data' : undefined
}

function icebergKind(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/\.metadata\.json(\.gz)?$|\.gz\.metadata\.json$/.test(name)) return 'metadata'
  if (name === 'version-hint.text') return 'version hint'
  // DuckDB and most others.
  if (/(^snap-|-manifest-list-).*\.avro$/.test(name)) return 'manifest list'
  if (path.includes('/metadata/') && name.endsWith('.avro')) return 'manifest'
  if (name.endsWith('.puffin')) return 'Puffin'
  if (/deletes?[^/]*\.parquet$/.test(name)) return 'delete file'
  return name.endsWith('.parquet') ? 'data' : undefined
}

function hudiKind(path: string): string | undefined {
  if (/\/aux\d+\//.test(path)) return path.endsWith('.parquet') ? 'bootstrap source' : undefined
  const name = path.slice(path.lastIndexOf('/') + 1)
  const own = path.includes('/.hoodie/metadata/') ? 'metadata table: ' : ''
  if (name === 'hoodie.properties') return `${own}properties`
  if (name === '.hoodie_partition_metadata') return `${own}partition metadata`
  if (path.includes('/.bootstrap/')) return 'bootstrap index'
  if (name.endsWith('.hfile')) return `${own}HFile`
  if (/^\.[^/]*\.log\.\d+_/.test(name)) return `${own}log`
  if (/\/\.hoodie\/(timeline\/)?history\//.test(path)) return `${own}archived timeline`
  if (/\/\.hoodie\//.test(path) && /^\d+(_\d+)?\.[a-z.]+$/.test(name)) return `${own}timeline`
  return name.endsWith('.parquet') ? 'base file' : undefined
}
