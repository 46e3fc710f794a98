import { describe, expect, it } from 'vitest'
import { parseFileName } from '../../src/file-groups/file-name.js'

describe('names of files', () => {
  it.each([
    [
      'a079bdb3-731c-4894-b855-abfcd6921007-0_0-182-253_20240418173550988.parquet',
      'a079bdb3-731c-4894-b855-abfcd6921007-0',
      '20240418173550988',
    ],
    ['my_id_with_bars_0-1-2_20240418173550.orc', 'my_id_with_bars', '20240418173550'],
  ])('reads the base file %s', (name, fileId, instant) => {
    expect(parseFileName(name)).toMatchObject({ kind: 'base', fileId, instant })
  })

  it.each([
    ['.d0304c53-0_20250331030642808.log.1_0-26-85', 'd0304c53-0', 1, '0-26-85'],
    ['.files-0000-0_00000000000000000.log.12_0-0-0', 'files-0000-0', 12, '0-0-0'],
    ['.old-style_20190101000000.log.3', 'old-style', 3, ''],
  ])('reads the log file %s', (name, fileId, version, writeToken) => {
    expect(parseFileName(name)).toMatchObject({ kind: 'log', fileId, version, writeToken })
  })

  it.each([
    '.d0304c53-0_20250331030642808.log.1_0-26-85.cdc',
    '.hoodie_partition_metadata',
    'a.parquet',
    '.x_0-1-2_20240418173550988.parquet.crc',
  ])('takes %s for no data', name => expect(parseFileName(name)).toBeUndefined())
})
