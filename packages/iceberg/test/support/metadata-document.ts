import { parseMetadata as parseBytes } from '../../src/metadata/metadata.js'

export const parseMetadata = (text: string, about: Parameters<typeof parseBytes>[1]) =>
  parseBytes(new TextEncoder().encode(text), about)

export const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }
export const ID = '9223372036854775806'

export function snapshot(
  id: string,
  sequence: number | undefined,
  timestamp: number,
  schemaId?: number,
) {
  return {
    'snapshot-id': `#${id}#`,
    ...(sequence === undefined ? {} : { 'sequence-number': sequence }),
    'timestamp-ms': timestamp,
    'manifest-list': `snap-${id}.avro`,
    ...(schemaId === undefined ? {} : { 'schema-id': schemaId }),
  }
}

/** Table metadata of format version 2 with two schemas, three refs and a rollback. */
export const base = {
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

export function column(id: number, name: string, type: unknown, more: object = {}) {
  return { id, name, required: false, type, ...more }
}

/** Texts like `#12#` stand for longs, which `JSON.stringify` would round. */
export function parse(document: object) {
  return parseMetadata(JSON.stringify(document).replace(/"#(-?\d+)#"/g, '$1'), file)
}
