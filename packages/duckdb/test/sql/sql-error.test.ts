import { describe, expect, it } from 'vitest'
import { sqlError } from '../../src/sql/sql-error.js'

describe('valid files that DuckDB has no decoder for', () => {
  it.each([
    'Invalid Input Error: Failed to read file "/tmp/spillway-share-x/0.parquet": Unsupported compression codec "LZ4". Supported options are uncompressed, brotli',
    'Invalid Error: BYTE_STREAM_SPLIT encoding is only supported for FLOAT or DOUBLE data',
    "Invalid Input Error: File '/tmp/spillway-share-x/0.parquet' is encrypted, but 'encryption_config' was not set",
    'Invalid Input Error: Failed to read file "/tmp/spillway-share-x/0.parquet": Unsupported page encoding',
    'IO Error: Unsupported converted type (20)',
    'IO Error: MAP_KEY_VALUE requires two children',
  ])('are unsupported in a query: %s', message => {
    expect(sqlError(new Error(message))).toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  })

  it('are not taken for broken ones, nor broken ones for them', () => {
    const broken = "Invalid Input Error: No magic bytes found at end of file '/a.parquet'"
    expect(sqlError(new Error(broken))).toMatchObject({ code: 'TABLE_CORRUPT' })
    const sql = 'Not implemented Error: this SQL is not supported'
    expect(sqlError(new Error(sql))).toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
