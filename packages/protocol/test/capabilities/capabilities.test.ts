import type { TableMetadata } from '@spillway/core'
import { expect, it } from 'vitest'
import { capabilitiesHeader, parseCapabilities } from '../../src/capabilities/capabilities.js'
import { negotiate } from '../../src/capabilities/negotiate.js'
import { deltaTable, field, hudiTable, MAPPED, otherTable, VECTORS } from '../support/tables.js'

it.each([
  [null, ['parquet'], [], false, false],
  ['', ['parquet'], [], false, false],
  ['responseformat=delta', ['delta'], [], false, false],
  ['ResponseFormat=Delta,PARQUET', ['delta', 'parquet'], [], false, false],
  [
    'readerfeatures=deletionvectors,COLUMNMAPPING;responseformat=delta',
    ['delta'],
    ['deletionVectors', 'columnMapping'],
    false,
    false,
  ],
  ['responseformat=delta;includeEndStreamAction=TRUE;asyncquery=true', ['delta'], [], true, true],
  [' responseformat = delta ; includeendstreamaction = true ', ['delta'], [], true, false],
  ['responseformat=parquet;futurekey=x=y;;nonsense', ['parquet'], [], false, false],
  ['responseformat=avro,delta', ['delta'], [], false, false],
])('24, 25: understands %j', (header, formats, features, end, async) => {
  expect(parseCapabilities(header)).toEqual({
    formats,
    readerFeatures: new Set(features),
    includeEndStreamAction: end,
    asyncQuery: async,
    reader: 'other',
  })
})

it('refuses a client that reads no format this server writes', () => {
  expect(() => parseCapabilities('responseformat=avro')).toThrow(/parquet, delta or both/)
})

const vectors = deltaTable(VECTORS)
const mapped = deltaTable(MAPPED)
const zoneless = deltaTable({ fields: [field(1, 't', 'timestamp')], features: ['timestampNtz'] })
const plain = deltaTable()
/** Listed in the protocol, switched off in the properties. */
const unused = deltaTable({ ...VECTORS, configuration: {} })

it.each([
  ['23: a plain table as parquet to a client of both', plain, 'delta,parquet', 'parquet'],
  ['23: in either order', plain, 'parquet,delta', 'parquet'],
  ['a plain table as delta to a client of delta', plain, 'delta', 'delta'],
  ['a table of vectors as delta', vectors, 'delta,parquet;readerfeatures=deletionvectors', 'delta'],
  ['a mapped table as delta', mapped, 'parquet,delta;readerfeatures=columnmapping', 'delta'],
  [
    'a zone-less timestamp as delta',
    zoneless,
    'parquet,delta;readerfeatures=timestampntz',
    'delta',
  ],
  ['a table whose features are switched off as parquet', unused, 'parquet', 'parquet'],
])('sends %s', (_, table, header, format) => {
  const capabilities = parseCapabilities(`responseformat=${header}`)
  expect(negotiate(capabilities, table, { canRewrite: false }).format).toBe(format)
})

it.each([
  [
    '29: a table of vectors to a client of parquet',
    vectors,
    'parquet',
    /deletionVectors.*use_delta_format=True in Python, responseFormat=delta in Spark.*readerfeatures=deletionvectors.*staging/,
  ],
  [
    '29: parquet with features',
    vectors,
    'parquet;readerfeatures=deletionvectors',
    /deletionVectors/,
  ],
  [
    '29: a mapped table without the feature',
    mapped,
    'delta',
    /columnMapping.*readerfeatures=columnmapping/,
  ],
  [
    '58: a zone-less timestamp as parquet',
    zoneless,
    'parquet',
    /timestampNtz.*use_delta_format=True/,
  ],
])('refuses %s', (_, table, header, message) => {
  const capabilities = parseCapabilities(`responseformat=${header}`)
  expect(() => negotiate(capabilities, table, { canRewrite: false })).toThrow(message)
})

it('sends a table of vectors as parquet where the provider rewrites, but never a type that cannot be', () => {
  const parquet = parseCapabilities(null)
  expect(negotiate(parquet, vectors, { canRewrite: true }).format).toBe('parquet')
  expect(() => negotiate(parquet, zoneless, { canRewrite: true })).toThrow(/timestampNtz/)
})

const both = deltaTable({
  ...MAPPED,
  configuration: { ...MAPPED.configuration, 'delta.enableDeletionVectors': 'true' },
  features: ['columnMapping', 'deletionVectors'],
})

it('maps no columns beside files that are rewritten: those have the table’s own names', () => {
  const asked = parseCapabilities('responseformat=delta;readerfeatures=columnmapping')
  const { format, accepts, features } = negotiate(asked, both, { canRewrite: true })
  expect(format).toBe('delta')
  expect([...features]).toEqual([])
  expect(accepts.features.has('columnMapping')).toBe(false)
})

it('rewrites into parquet where every file is rewritten and the client reads both', () => {
  const asked = parseCapabilities('responseformat=delta,parquet;readerfeatures=deletionvectors')
  expect(negotiate(asked, both, { canRewrite: true }).format).toBe('parquet')
  const some = parseCapabilities('responseformat=delta,parquet;readerfeatures=columnmapping')
  expect(negotiate(some, both, { canRewrite: true }).format).toBe('delta')
})

it.each([
  ['delta,parquet;readerfeatures=deletionvectors', 'delta', true],
  ['delta,parquet', 'parquet', false],
  ['parquet', 'parquet', false],
])(
  'sends a table that may keep vectors from before to a client of %s as %s',
  (header, format, vectors) => {
    const asked = parseCapabilities(`responseformat=${header}`)
    const { accepts, ...negotiated } = negotiate(asked, unused, { canRewrite: false })
    expect([negotiated.format, accepts.features.has('deletionVectors')]).toEqual([format, vectors])
  },
)

it('does not let a switched-off feature hide vectors that files still have', () => {
  const { accepts } = negotiate(parseCapabilities(null), unused, { canRewrite: false })
  expect(accepts.features.has('deletionVectors')).toBe(false)
})

it('writes the header that one client looks for literally', () => {
  expect(capabilitiesHeader('delta', { includeEndStreamAction: true, asyncQuery: true })).toBe(
    'responseformat=delta;includeendstreamaction=true;asyncquery=true',
  )
})

it.each([
  ['delta,parquet;readerfeatures=deletionvectors', 'delta', true],
  ['delta,parquet', 'parquet', false],
  ['parquet', 'parquet', false],
  ['delta', 'delta', false],
])('sends a table that may have log files to a client of %s as %s', (header, format, vectors) => {
  const asked = parseCapabilities(`responseformat=${header}`)
  for (const canRewrite of [true, false]) {
    const { accepts, ...negotiated } = negotiate(asked, hudiTable('snapshot'), { canRewrite })
    expect([negotiated.format, accepts.features.has('deletionVectors')]).toEqual([format, vectors])
  }
  // Its read-optimized view has none.
  const stale = negotiate(asked, hudiTable('read_optimized'), { canRewrite: false })
  expect(stale.format).toBe(format === 'delta' && !header.includes('parquet') ? 'delta' : 'parquet')
})

it('keeps fixed-length bytes from the one client known to refuse them, in the format where it does', () => {
  const table = deltaTable({ fields: [field(1, 'u', 'uuid')] })
  const python = 'Delta-Sharing-Python/1.4.2 pandas/2.3.3'
  const asking = (header: string, agent = python, canRewrite = false) =>
    negotiate(parseCapabilities(`responseformat=${header}`, agent), table, { canRewrite })
  expect(asking('delta,parquet').format).toBe('parquet')
  expect(asking('delta', 'Delta-Sharing-Spark/1.2').accepts).not.toHaveProperty('fixedBinary')
  expect(() => asking('delta')).toThrow(/fixed-length bytes \(u\).*parquet format.*Spark.*staging/)
  expect(asking('delta', python, true)).toMatchObject({
    format: 'delta',
    accepts: { fixedBinary: false },
  })
})

it.each([
  ['delta,parquet', 'delta'],
  ['parquet', 'parquet'],
])('sends a folder of files with indexes of pandas to a client of %s as %s', (header, format) => {
  const table: TableMetadata = {
    ...otherTable('parquet', plain),
    holdsPandasIndexes: true,
  }
  const asked = parseCapabilities(`responseformat=${header}`)
  expect(negotiate(asked, table, { canRewrite: false }).format).toBe(format)
})

const PYTHON = 'Delta-Sharing-Python/1.4.2'
const changed = (fieldPath?: string) => ({
  'delta.typeChanges': [{ fromType: 'short', toType: 'integer', ...(fieldPath && { fieldPath }) }],
})
const column = (type: unknown, metadata = {}) => ({ name: 'c', type, nullable: true, metadata })
const list = (elementType: unknown) => ({ type: 'array', elementType, containsNull: true })
const struct = (...fields: unknown[]) => ({ type: 'struct', fields })

it.each([
  ['a column', column('integer', changed()), PYTHON, true],
  ['a field of a struct', column(struct(column('integer', changed()))), PYTHON, true],
  ['elements of a list', column(list('integer'), changed('element')), PYTHON, false],
  ['a field below a list', column(list(struct(column('integer', changed())))), PYTHON, false],
  [
    'values of a map',
    column(
      { type: 'map', keyType: 'string', valueType: 'integer', valueContainsNull: true },
      changed('value'),
    ),
    PYTHON,
    false,
  ],
  ['elements of a list, to Spark', column(list('integer'), changed('element')), 'x', true],
])('widening %s is left to delta-kernel or not', (_, found, userAgent, accepted) => {
  const table = deltaTable({ sparkFields: [found], features: ['typeWidening'] })
  const header = 'responseformat=delta;readerfeatures=typewidening'
  const asked = parseCapabilities(header, userAgent)
  const { accepts } = negotiate(asked, table, { canRewrite: true })
  expect(accepts.features.has('typeWidening')).toBe(accepted)
  const refused = () => negotiate(asked, table, { canRewrite: false })
  // The official clients have no setting for it: the header is all there is to say.
  if (!accepted) expect(refused).toThrow(/typeWidening.*; ask with "delta-sharing-cap.*staging/)
})
