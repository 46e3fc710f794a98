import { xxHash64 } from '@spillway/encoding'
import { describe, expect, it } from 'vitest'
import { parseProperties } from '../src/config/properties.js'
import { parseFileName } from '../src/file-groups/file-name.js'
import { columnKey, partitionKey } from '../src/metadata-table/metadata-key.js'
import { instantAt, instantMillis, instantVersion, parseInstant } from '../src/timeline/instant.js'

const file = { path: '', size: 0, lastModified: 0 }

describe('names on the timeline', () => {
  it.each([
    ['20240418173551906.commit', '20240418173551906', 'commit', 'completed', '20240418173551906'],
    [
      '20240418173551906.commit.requested',
      '20240418173551906',
      'commit',
      'requested',
      '20240418173551906',
    ],
    ['20240418173551906.inflight', '20240418173551906', 'commit', 'inflight', '20240418173551906'],
    [
      '20240418173551.deltacommit.inflight',
      '20240418173551',
      'deltacommit',
      'inflight',
      '20240418173551',
    ],
    [
      '20260403184001282_20260403184002260.replacecommit',
      '20260403184001282',
      'replacecommit',
      'completed',
      '20260403184002260',
    ],
    [
      '20260307162715560.clustering.requested',
      '20260307162715560',
      'clustering',
      'requested',
      '20260307162715560',
    ],
    [
      '20261122221700457010.deltacommit',
      '20261122221700457010',
      'deltacommit',
      'completed',
      '20261122221700457010',
    ],
  ])('reads %s', (name, begin, action, state, completion) => {
    expect(parseInstant(name, file)).toMatchObject({ begin, action, state, completion })
  })

  it.each([
    'history',
    '_version_',
    '20240418173551906.commit.crc',
    '2024.commit',
    '20240418173551906.strange',
  ])('takes %s for no instant', name => expect(parseInstant(name, file)).toBeUndefined())

  it('orders legacy instants as if at millisecond 0', () => {
    expect(instantVersion('20200101000000')).toBe(20200101000000000n)
  })

  it.each([
    ['UTC', Date.UTC(2026, 2, 29, 1, 30, 0, 5)],
    ['Europe/Berlin', Date.UTC(2026, 2, 28, 23, 30, 0, 5)],
    ['America/New_York', Date.UTC(2026, 2, 29, 5, 30, 0, 5)],
  ])('reads an instant of a clock in %s and writes it back', (zone, millis) => {
    // Berlin's clocks jump from 02:00 to 03:00 that night; 01:30 is still winter time.
    const instant = zone === 'Europe/Berlin' ? '20260329003000005' : '20260329013000005'
    expect([instantMillis(instant, zone), instantAt(millis, zone)]).toEqual([millis, instant])
  })
})

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

describe('properties', () => {
  it('reads escapes, separators, comments and continuation lines as Java does', () => {
    const text = [
      '#comment=1',
      '! other',
      'a=1',
      'b : two words ',
      'c\\=d\\:e=x\\=y\\:z',
      "format=yyyy-MM-dd'T'HH\\:mm",
      'long=first\\',
      '   second',
      'u=\\u00fc\\tend',
      'empty=',
      'bare',
      'slash=a\\\\',
    ].join('\r\n')
    expect([...parseProperties(text)]).toEqual([
      ['a', '1'],
      ['b', 'two words '],
      ['c=d:e', 'x=y:z'],
      ['format', "yyyy-MM-dd'T'HH:mm"],
      ['long', 'firstsecond'],
      ['u', 'ü\tend'],
      ['empty', ''],
      ['bare', ''],
      ['slash', 'a\\'],
    ])
  })
})

describe('keys of the metadata table', () => {
  // Vectors of the xxHash reference implementation.
  it.each([
    ['', 0n, 0xef46db3751d8e999n],
    ['a', 0n, 0xd24ec4f1a98c6e5bn],
    ['abc', 0n, 0x44bc2cf5ad770999n],
    ['xxhash', 20141025n, 0xb559b98d844e0635n],
    ['Nobody inspects the spammish repetition', 0n, 0xfbcea83c8a378bf1n],
  ])('hashes %j with seed %d', (text, seed, hash) => {
    expect(xxHash64(new TextEncoder().encode(text), seed)).toBe(hash)
  })

  it('hashes names to eight bytes in base64', () => {
    expect([columnKey('fare').length, partitionKey('') === partitionKey('.')]).toEqual([12, true])
  })
})
