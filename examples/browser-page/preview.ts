import type { AnswerFile } from '@spillway/client'
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { SharedTable } from './shared-table.js'

export type PreviewRow = Readonly<Record<string, unknown>>

export interface Preview {
  readonly rows: readonly PreviewRow[]
  /** Bytes that were fetched for it, of how many in the files it came from. */
  readonly fetched: number
  readonly whole: number
}

/** Enough for most footers; a larger one is fetched in a second request. */
const FOOTER_BYTES = 32 * 1024

/** The first rows of a table: footers and the column chunks of the first row groups, by ranges, and nothing else. */
export async function previewRows(
  table: SharedTable,
  limit: number,
  signal: AbortSignal,
): Promise<Preview> {
  const rows: PreviewRow[] = []
  let fetched = 0
  let whole = 0
  for (const file of table.files) {
    if (rows.length >= limit) break
    whole += file.size
    const buffer = rangeBuffer(file, signal, bytes => {
      fetched += bytes
    })
    const metadata = await parquetMetadataAsync(buffer, { initialFetchSize: FOOTER_BYTES })
    const rowEnd = Math.min(limit - rows.length, Number(metadata.num_rows))
    const read = await parquetReadObjects({ file: buffer, metadata, compressors, rowEnd })
    rows.push(...read.map(row => ({ ...row, ...partitionOf(table, file) })))
  }
  return { rows, fetched, whole }
}

/** Columns that lie in the folders' names and not in the files. */
function partitionOf(
  { partitionColumns }: SharedTable,
  { partitionValues }: AnswerFile,
): PreviewRow {
  return Object.fromEntries(partitionColumns.map(name => [name, partitionValues[name] ?? null]))
}

/**
 * A file behind a signed URL, of which only what is asked for comes over the wire. The range that came last is kept: the
 * end of a small file, read for its footer, holds its columns as well.
 */
function rangeBuffer(
  { url, size }: AnswerFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): AsyncBuffer {
  let kept = { start: 0, bytes: new ArrayBuffer(0) }
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (start < kept.start || end > kept.start + kept.bytes.byteLength) {
        kept = { start, bytes: await fetchRange(url, { start, end }, signal) }
        onBytes(kept.bytes.byteLength)
      }
      return kept.bytes.slice(start - kept.start, end - kept.start)
    },
  }
}

async function fetchRange(
  url: string,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const headers = { range: `bytes=${start}-${end - 1}` }
  const response = await fetch(url, { headers, signal, referrerPolicy: 'no-referrer' })
  if (response.status !== 206) {
    await response.body?.cancel()
    throw new Error(
      `the storage answered ${response.status} to a range; its CORS rules must allow this page and the range header`,
    )
  }
  const bytes = await response.arrayBuffer()
  if (bytes.byteLength !== end - start) throw new Error('the storage sent another range')
  return bytes
}
