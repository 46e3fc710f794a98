import { isTableError, typeName } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { tableFeatures, withEarlierTypes } from '../src/features.js'
import { parseMetadata as parseBytes } from '../src/metadata.js'
import { chooseSnapshot, versionOf } from '../src/time-travel.js'

const parseMetadata = (text: string, about: Parameters<typeof parseBytes>[1]) =>
  parseBytes(new TextEncoder().encode(text), about)

const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }
const ID = '9223372036854775806'

function snapshot(id: string, sequence: number | undefined, timestamp: number, schemaId?: number) {
  return {
    'snapshot-id': `#${id}#`,
    ...(sequence === undefined ? {} : { 'sequence-number': sequence }),
    'timestamp-ms': timestamp,
    'manifest-list': `snap-${id}.avro`,
    ...(schemaId === undefined ? {} : { 'schema-id': schemaId }),
  }
}

const base = {
  'format-version': 2,
  'table-uuid': 'u',
  location: 's3://b/t',
  'last-updated-ms': 400,
  'last-column-id': 2,
  'current-schema-id': 1,
  schemas: [
    { 'schema-id': 0, type: 'struct', fields: [column(1, 'a', 'int')] },
    { 'schema-id': 1, type: 'struct', fields: [column(1, 'a', 'int'), column(2, 'b', 'string')] },
  ],
  'default-spec-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  properties: { owner: 'me' },
  'current-snapshot-id': `#${ID}#`,
  snapshots: [
    snapshot('11', 1, 100, 0),
    snapshot('12', 2, 200, 0),
    snapshot('13', 3, 300, 1),
    snapshot(ID, 4, 400, 1),
  ],
  // Rolled back to 11 at 250, so 12 is no ancestor of what follows.
  'snapshot-log': [
    ['11', 100],
    ['12', 200],
    ['11', 250],
    ['13', 300],
    [ID, 400],
  ].map(([id, at]) => ({ 'snapshot-id': `#${id}#`, 'timestamp-ms': at })),
  refs: {
    main: { 'snapshot-id': `#${ID}#`, type: 'branch' },
    audit: { 'snapshot-id': '#12#', type: 'branch' },
    first: { 'snapshot-id': '#11#', type: 'tag' },
  },
}

function column(id: number, name: string, type: unknown, more: object = {}) {
  return { id, name, required: false, type, ...more }
}

function parse(document: object) {
  return parseMetadata(JSON.stringify(document).replace(/"#(-?\d+)#"/g, '$1'), file)
}

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

describe('chooseSnapshot', async () => {
  const metadata = await parse(base)

  it.each([
    [{ kind: 'latest' }, BigInt(ID), 1],
    [{ kind: 'snapshotId', id: 12n }, 12n, 0],
    [{ kind: 'sequence', number: 3n }, 13n, 1],
    [{ kind: 'version', version: 2n }, 12n, 0],
    // A branch is read with the schema of the table, a tag with its own.
    [{ kind: 'branch', name: 'audit' }, 12n, 1],
    [{ kind: 'branch', name: 'first' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 100, direction: 'before' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 299, direction: 'before' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 220, direction: 'before' }, 12n, 0],
    [{ kind: 'timestamp', timestamp: 201, direction: 'after' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 9999, direction: 'before' }, BigInt(ID), 1],
  ] as const)('reads %o as snapshot %s under schema %s', (ref, id, schemaId) => {
    const chosen = chooseSnapshot(metadata, ref)
    expect([chosen.snapshot?.id, chosen.schemaId]).toEqual([id, schemaId])
  })

  it.each([
    { kind: 'snapshotId', id: 99n },
    { kind: 'sequence', number: 9n },
    { kind: 'version', version: 0n },
    { kind: 'branch', name: 'none' },
    { kind: 'timestamp', timestamp: 99, direction: 'before' },
    { kind: 'timestamp', timestamp: 401, direction: 'after' },
  ] as const)('says what is not there: %o', ref => {
    expect(() => chooseSnapshot(metadata, ref)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it.each([null, -1, undefined])(
    'reads a table without a snapshot (%s) as version 0',
    async current => {
      const never = await parse({
        ...base,
        'current-snapshot-id': current,
        snapshots: [],
        'snapshot-log': [],
        refs: {},
      })
      const latest = chooseSnapshot(never, { kind: 'latest' })
      expect(latest).toEqual({ snapshot: undefined, schemaId: 1 })
      const version = versionOf(never, latest.snapshot)
      expect(chooseSnapshot(never, { kind: 'version', version })).toEqual(latest)
      expect(() => chooseSnapshot(never, { kind: 'version', version: 1n })).toThrow(/version 1/)
    },
  )

  it('numbers snapshots of version 1 by their place in the log', async () => {
    const old = base.snapshots.map(({ 'sequence-number': _, ...rest }) => rest)
    const one = await parse({ ...base, 'format-version': 1, snapshots: old })
    const versions = [...one.snapshots.values()].map(each => versionOf(one, each))
    expect(versions).toEqual([3n, 2n, 4n, 5n])
    expect(chooseSnapshot(one, { kind: 'version', version: 4n }).snapshot?.id).toBe(13n)
  })
})

describe('schemas', () => {
  async function fieldOf(type: unknown, more: object = {}) {
    const schemas = [{ 'schema-id': 1, fields: [column(1, 'a', type, more)] }]
    return (await parse({ ...base, schemas })).schemas.get(1)![0]!
  }

  it.each([
    ['timestamptz_ns', 'timestamptz_ns'],
    ['fixed[16]', 'fixed(16)'],
    ['decimal(9,2)', 'decimal(9,2)'],
    ['decimal(38, 10)', 'decimal(38,10)'],
    ['geometry(srid:3857)', 'geometry(srid:3857)'],
    ['unknown', 'unknown'],
    [{ type: 'list', 'element-id': 5, element: 'int', 'element-required': true }, 'list'],
    [{ type: 'map', 'key-id': 5, key: 'int', 'value-id': 6, value: 'long' }, 'map'],
  ])('read %o', async (type, name) => {
    expect(typeName((await fieldOf(type)).type)).toBe(name)
  })

  it.each([
    ['boolean', true, true],
    ['int', -3, -3],
    ['long', '#9007199254740993#', 9007199254740993n],
    ['float', 0.1, Math.fround(0.1)],
    ['decimal(9,2)', '-12.5', -1250n],
    ['date', '2017-11-16', 17486],
    ['time', '22:31:08.123456', 81068123456n],
    ['timestamp', '1969-12-31T23:59:59.999999', -1n],
    ['timestamptz', '1970-01-01T01:00:00.000001+01:00', 1n],
    ['timestamp_ns', '1970-01-01T00:00:00.000000001', 1n],
    ['string', 'x', 'x'],
    [
      'uuid',
      '00000000-0000-0000-0000-0000000000ff',
      Uint8Array.from([...new Array(15).fill(0), 255]),
    ],
    ['fixed[2]', '00ff', Uint8Array.of(0, 255)],
    ['binary', '', new Uint8Array()],
    ['int', null, undefined],
  ])('read a default of type %s: %s', async (type, json, value) => {
    const field = await fieldOf(type, { 'initial-default': json })
    expect(field.initialDefault).toEqual(value)
  })

  it.each([
    ['int', 'x'],
    ['int', 1.5],
    ['date', '17486'],
    ['decimal(9,2)', '1.234'],
    ['fixed[2]', '00'],
    ['boolean', 1],
  ])('refuse a default of type %s that is %s', async (type, json) => {
    await expect(fieldOf(type, { 'initial-default': json })).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})

describe('tableFeatures', () => {
  async function featuresOf(schemas: readonly (readonly object[])[], firstId = 0, chosen = -1) {
    const listed = schemas.map((fields, i) => ({ 'schema-id': firstId + i, fields }))
    const current = listed.at(chosen)!['schema-id']
    const ids = schemas.flat().map(each => (each as { readonly id: number }).id)
    const metadata = await parse({
      ...base,
      schemas: listed,
      'current-schema-id': current,
      'last-column-id': Math.max(...ids),
    })
    return [...tableFeatures(metadata, metadata.schemas.get(current)!, [])]
  }

  it.each<[string, readonly (readonly object[])[], readonly string[]]>([
    ['one schema', [[column(1, 'a', 'int')]], []],
    [
      'an added column',
      [[column(1, 'a', 'int')], [column(1, 'a', 'int'), column(2, 'b', 'int')]],
      [],
    ],
    ['a renamed column', [[column(1, 'a', 'int')], [column(1, 'b', 'int')]], ['columnMapping']],
    ['a name used again', [[column(1, 'a', 'int')], [column(2, 'a', 'int')]], ['columnMapping']],
    ['a widened column', [[column(1, 'a', 'int')], [column(1, 'a', 'long')]], ['typeWidening']],
    ['a default', [[column(1, 'a', 'int', { 'initial-default': 1 })]], ['initialDefaults']],
  ])('of %s are %o', async (_what, schemas, features) => {
    expect(await featuresOf(schemas)).toEqual(features)
  })

  it('remember the types of earlier schemas, inside lists and structs too', async () => {
    const nested = (inner: string) => ({
      type: 'list',
      'element-id': 3,
      'element-required': false,
      element: { type: 'struct', fields: [column(4, 'x', inner)] },
    })
    const schemas = ['int', 'long'].map((type, i) => ({
      'schema-id': i,
      fields: [column(1, 'a', type), column(2, 'l', nested(i === 0 ? 'float' : 'double'))],
    }))
    const { schemas: parsed } = await parse({ ...base, schemas, 'current-schema-id': 1 })
    const [a, l] = withEarlierTypes(parsed.get(1)!, parsed)
    expect(a).toMatchObject({ type: 'long', earlierTypes: ['int'] })
    expect(l).not.toHaveProperty('earlierTypes')
    expect(l).toMatchObject({
      type: { element: { type: { fields: [{ type: 'double', earlierTypes: ['float'] }] } } },
    })
  })

  it('say nothing of a promotion that came after the snapshot', async () => {
    const schemas = [[column(1, 'a', 'int')], [column(1, 'a', 'long')]]
    expect(await featuresOf(schemas, 0, 0)).toEqual([])
    const listed = schemas.map((fields, i) => ({ 'schema-id': i, fields }))
    const { schemas: parsed } = await parse({ ...base, schemas: listed, 'current-schema-id': 1 })
    expect(withEarlierTypes(parsed.get(0)!, parsed)[0]).not.toHaveProperty('earlierTypes')
  })

  it('expect renames where earlier schemas have expired', async () => {
    expect(await featuresOf([[column(1, 'a', 'int')]], 3)).toEqual(['columnMapping'])
  })
})
