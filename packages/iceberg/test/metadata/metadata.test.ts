import { isTableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { base, column, file, ID, parse, parseMetadata } from '../support/metadata-document.js'

describe('parseMetadata', () => {
  it('keeps every digit of a snapshot id', async () => {
    expect((await parse(base)).currentSnapshotId).toBe(BigInt(ID))
  })

  it.each([
    ['null', null, {}],
    ['-1', -1, {}],
    ['nothing', undefined, { snapshots: [], 'snapshot-log': [] }],
    ['nothing, where a snapshot is staged', undefined, { 'snapshot-log': [] }],
    ['nothing, where main was removed and its log was kept', undefined, {}],
  ])('takes %s for no current snapshot', async (_what, id, more) => {
    const metadata = await parse({ ...base, 'current-snapshot-id': id, refs: {}, ...more })
    expect([metadata.currentSnapshotId, metadata.refs.size]).toEqual([undefined, 0])
  })

  it('makes a main branch where there are no refs', async () => {
    const { refs } = await parse({ ...base, refs: undefined })
    expect([...refs]).toEqual([['main', { kind: 'branch', snapshotId: BigInt(ID) }]])
  })

  it('reads version 1 with its one schema and spec, and numbers the partition fields', async () => {
    const { schemas, specs } = await parse({
      ...base,
      'format-version': 1,
      schemas: undefined,
      schema: { type: 'struct', fields: [column(1, 'a', 'int')] },
      'current-schema-id': undefined,
      'partition-specs': undefined,
      'partition-spec': [
        { 'source-id': 1, name: 'x', transform: 'identity' },
        { 'source-id': 1, name: 'y', transform: 'bucket[4]' },
      ],
      'default-spec-id': undefined,
    })
    expect(schemas.get(0)).toHaveLength(1)
    expect(specs.get(0)!.fields.map(({ id }) => id)).toEqual([1000, 1001])
  })

  it('takes transforms of several columns for unknown', async () => {
    const spec = {
      'spec-id': 0,
      fields: [{ 'source-ids': [1, 2], 'field-id': 1000, name: 'p', transform: 'bucket[4]' }],
    }
    const { specs } = await parse({ ...base, 'format-version': 3, 'partition-specs': [spec] })
    expect(specs.get(0)!.fields[0]).toMatchObject({
      sourceIds: [1, 2],
      transform: { kind: 'unknown', name: 'bucket[4]' },
    })
  })

  it.each<[string, object, string, RegExp]>([
    ['a later version', { 'format-version': 4 }, 'UNSUPPORTED_FEATURE', /version 4/],
    ['no version', { 'format-version': undefined }, 'TABLE_CORRUPT', /format-version/],
    ['a version that is text', { 'format-version': '2' }, 'TABLE_CORRUPT', /format-version/],
    ['an unknown current snapshot', { 'current-snapshot-id': 42 }, 'TABLE_CORRUPT', /42/],
    [
      'an unknown current schema',
      { 'current-schema-id': 9 },
      'TABLE_CORRUPT',
      /current-schema-id 9/,
    ],
    [
      'a version that no number holds',
      { 'format-version': '#9223372036854775808#' },
      'TABLE_CORRUPT',
      /9223372036854775808/,
    ],
    [
      'no current snapshot where main has one',
      { 'current-snapshot-id': undefined },
      'TABLE_CORRUPT',
      /the main branch is at/,
    ],
    [
      'no current snapshot where the log of snapshots ends with one',
      {
        'current-snapshot-id': undefined,
        refs: undefined,
        'snapshot-log': [{ 'snapshot-id': `#${ID}#`, 'timestamp-ms': 1 }],
      },
      'TABLE_CORRUPT',
      /the log of snapshots ends with/,
    ],
    ['no schemas', { schemas: undefined }, 'TABLE_CORRUPT', /schemas/],
    ['no partition specs', { 'partition-specs': undefined }, 'TABLE_CORRUPT', /partition-specs/],
    ['an unknown default spec', { 'default-spec-id': 7 }, 'TABLE_CORRUPT', /default-spec-id 7/],
    [
      'an unknown type',
      { schemas: [{ 'schema-id': 1, fields: [column(1, 'a', 'int128')] }] },
      'UNSUPPORTED_FEATURE',
      /int128/,
    ],
    [
      'one id for two fields',
      { schemas: [{ 'schema-id': 1, fields: [column(1, 'a', 'int'), column(1, 'b', 'int')] }] },
      'TABLE_CORRUPT',
      /two fields have the id 1/,
    ],
    [
      'a snapshot without an id',
      { snapshots: [{ 'timestamp-ms': 1 }] },
      'TABLE_CORRUPT',
      /snapshots/,
    ],
  ])('refuses %s', async (_what, change, code, message) => {
    await expect(parse({ ...base, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('is refused or read, never worse, when cut anywhere', async () => {
    const text = JSON.stringify(base).replace(/"#(-?\d+)#"/g, '$1')
    for (let end = 0; end < text.length; end++) {
      try {
        await parseMetadata(text.slice(0, end), file)
        expect.fail(`read the first ${end} characters`)
      } catch (error) {
        expect(isTableError(error) && error.code).toBe('TABLE_CORRUPT')
      }
    }
  })
})
