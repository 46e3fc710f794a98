import { formatOf, idsOf, sorted } from './answers.mjs'
import { expect, expectRefusal, expectStatus, linesOf, Skip, tablePath } from './client.mjs'

const column = (name, valueType) => ({ op: 'column', name, valueType })
const literal = (value, valueType) => ({ op: 'literal', value, valueType })
const JSON_TYPES = {
  string: 'string',
  integer: 'int',
  short: 'int',
  byte: 'int',
  long: 'long',
  date: 'date',
  boolean: 'bool',
}

/** A partition column whose values JSON hints can say, and the files of each value. */
function partitionOf({ files, format, schema, partitionColumns }) {
  for (const name of partitionColumns) {
    const valueType = JSON_TYPES[schema.fields.find(field => field.name === name)?.type]
    if (valueType === undefined) continue
    const byValue = new Map()
    for (const file of files) {
      const action = format === 'delta' ? file.deltaSingleAction.add : file
      const value = Object.values(pick(action.partitionValues, name))[0]
      if (value === undefined || value === null || value === '') continue
      byValue.set(value, [...(byValue.get(value) ?? []), file.id])
    }
    if (byValue.size > 0) return { name, valueType, byValue }
  }
  throw new Skip('no partition column has values that a hint can say')
}

/** By the name that a reader sees; files of a mapped table may use another. */
function pick(values, name) {
  return name in values ? { [name]: values[name] } : {}
}

const kept = async ({ client, table, asked }, tree) =>
  idsOf(
    await linesOf(await client.query(table, { jsonPredicateHints: JSON.stringify(tree) }, asked)),
  )

function expectSound({ all, must, may, ids }) {
  const got = new Set(ids)
  const lost = must.filter(id => !got.has(id))
  expect(lost.length === 0, `${lost.length} files that hold matches were dropped`)
  expect(
    ids.every(id => all.includes(id)),
    'there are files that the table does not have',
  )
  if (may !== undefined) {
    expect(ids.length <= may.length, `${ids.length} files kept, where ${may.length} may match`)
  }
}

export const HINT_CHECKS = [
  [
    '37',
    'a SQL hint on a partition keeps its files',
    async context => {
      const { client, table, asked, files } = context
      const { name, valueType, byValue } = partitionOf(context)
      const [[value, must]] = byValue
      const text = ['int', 'long', 'bool'].includes(valueType)
        ? value
        : `'${value.replaceAll("'", "''")}'`
      const body = { predicateHints: [`${name} = ${text}`] }
      const ids = idsOf(await linesOf(await client.query(table, body, asked)))
      expectSound({ all: files.map(file => file.id), must, ids })
    },
  ],
  ...['equal', 'not equal', 'not null', 'null', 'or'].map(kind => [
    '38',
    `a JSON hint with ${kind} on a partition keeps what may match`,
    async context => {
      const { name, valueType, byValue } = partitionOf(context)
      const all = context.files.map(file => file.id)
      const [[value, its]] = byValue
      const named = [...byValue.values()].flat()
      const equal = {
        op: 'equal',
        children: [column(name, valueType), literal(value, valueType)],
      }
      const isNull = { op: 'isNull', children: [column(name, valueType)] }
      const cases = {
        equal: [equal, its],
        'not equal': [{ op: 'not', children: [equal] }, named.filter(id => !its.includes(id))],
        'not null': [{ op: 'not', children: [isNull] }, named],
        null: [isNull, all.filter(id => !named.includes(id))],
        or: [
          { op: 'or', children: [equal, isNull] },
          all.filter(id => its.includes(id) || !named.includes(id)),
        ],
      }
      const [tree, must] = cases[kind]
      expectSound({ all, must, ids: await kept(context, tree) })
    },
  ]),
  ...[
    [
      '39',
      'on a column that is not there',
      () => ({ op: 'isNull', children: [column('no such column', 'int')] }),
    ],
    [
      '39',
      'nested 101 deep',
      () => {
        let tree = { op: 'isNull', children: [column('no such column', 'int')] }
        for (let depth = 0; depth < 101; depth++) tree = { op: 'not', children: [tree] }
        return tree
      },
    ],
    [
      '41',
      'that compares two types',
      ({ schema }) => ({
        op: 'equal',
        children: [column(schema.fields[0].name, 'string'), literal('12', 'int')],
      }),
    ],
  ].map(([id, what, tree]) => [
    id,
    `a JSON hint ${what} drops nothing`,
    async context => {
      const ids = await kept(context, tree(context))
      expect(sorted(ids) === sorted(context.files.map(file => file.id)), `${ids.length} files`)
    },
  ]),
  [
    '39',
    'a JSON hint of more than a megabyte drops nothing, or is refused',
    async ({ client, table, asked, files }) => {
      const jsonPredicateHints = `"${'x'.repeat(1024 * 1024)}"`
      const response = await client.query(table, { jsonPredicateHints }, asked)
      if (response.status === 400 || response.status === 413) return
      const ids = idsOf(await linesOf(await expectStatus(response, 200)))
      expect(ids.length === files.length, `${ids.length} of ${files.length} files`)
    },
  ],
  ...['float', 'double', 'timestamp'].map(valueType => [
    '42',
    `literals of type ${valueType} are taken`,
    async context => {
      const value = valueType === 'timestamp' ? '2026-01-01T00:00:00Z' : '1.5'
      const [{ name }] = context.schema.fields
      const tree = { op: 'equal', children: [column(name, valueType), literal(value, valueType)] }
      await kept(context, tree)
    },
  ]),
  [
    '23',
    'a client that takes both formats is answered in one of them',
    async ({ client, table }) => {
      for (const both of ['delta,parquet', 'parquet,delta']) {
        const headers = {
          'delta-sharing-capabilities': `responseformat=${both};readerfeatures=deletionvectors,columnmapping,timestampntz`,
        }
        const response = await client.ask(`${tablePath(table)}/metadata`, { headers })
        const [{ protocol }] = await linesOf(response)
        const said = formatOf(response)
        const found = protocol.deltaProtocol === undefined ? 'parquet' : 'delta'
        expect(said === found, `the header says ${said}, the lines ${found}`)
      }
    },
  ],
  [
    '28',
    'in parquet format, metadata tells no more than comments and the change feed',
    async ({ format, metaData, schema }) => {
      if (format === 'delta') throw new Skip('in delta format everything is told')
      const told = schema.fields.flatMap(field => Object.keys(field.metadata ?? {}))
      expect(
        told.every(key => key === 'comment'),
        `columns tell ${told.join()}`,
      )
      const configuration = Object.keys(metaData.configuration ?? {})
      const feed = ['enableChangeDataFeed', 'delta.enableChangeDataFeed']
      expect(
        configuration.every(key => feed.includes(key)),
        configuration.join(),
      )
    },
  ],
  [
    '29',
    'what needs reader features is refused to a client that names none',
    async ({ client, table, protocol, format }) => {
      const needs = protocol.deltaProtocol?.readerFeatures ?? []
      if (format !== 'delta' || needs.length === 0) throw new Skip('it needs no reader features')
      const headers = { 'delta-sharing-capabilities': 'responseformat=delta' }
      const response = await client.ask(`${tablePath(table)}/metadata`, { headers })
      if (response.status === 200) {
        const [{ protocol: plain }] = await linesOf(response)
        const still = plain.deltaProtocol?.readerFeatures ?? []
        expect(still.length === 0, `it is told to need ${still.join()}`)
      } else await expectRefusal(response, 400)
    },
  ],
  [
    '49',
    'files of a table without partitions have none',
    async ({ files, format, partitionColumns }) => {
      if (partitionColumns.length > 0) throw new Skip('the table is partitioned')
      for (const file of files) {
        const { partitionValues } = format === 'delta' ? file.deltaSingleAction.add : file
        expect(JSON.stringify(partitionValues) === '{}', JSON.stringify(partitionValues))
      }
    },
  ],
  [
    '57',
    'actions in delta format are complete, vectors signed or inline',
    async ({ files, format }) => {
      if (format !== 'delta') throw new Skip('the format is parquet')
      for (const { deltaSingleAction, deletionVectorFileId } of files) {
        const { modificationTime, dataChange, deletionVector } = deltaSingleAction.add
        expect(Number.isInteger(modificationTime), 'there is no modificationTime')
        expect(typeof dataChange === 'boolean', 'there is no dataChange')
        if (deletionVector === undefined) continue
        const { storageType, pathOrInlineDv } = deletionVector
        expect(['p', 'i'].includes(storageType), `a vector of type ${storageType}`)
        if (storageType === 'i') continue
        expect(/^https?:/.test(pathOrInlineDv), 'a vector is not signed')
        expect(deletionVectorFileId, 'there is no deletionVectorFileId')
      }
    },
  ],
  ...[
    ['53', 'a refresh token beside a version', { refreshToken: 'x', version: 0 }],
    ['53', 'a refresh token beside a page token', { refreshToken: 'x', pageToken: 'x' }],
    ['53', 'asking for a refresh token of a version', { includeRefreshToken: true, version: 0 }],
    ['55', 'a page token that is none', { maxFiles: 1, pageToken: 'bm90LWEtdG9rZW4' }],
  ].map(([id, what, body]) => [
    id,
    `${what} is a 400`,
    async ({ client, table, asked }) =>
      void (await expectRefusal(await client.query(table, body, asked), 400)),
  ]),
  [
    '55',
    'a page token opens for its own question only',
    async ({ client, table, asked, files }) => {
      if (files.length < 2) throw new Skip('there are not two files')
      const lines = await linesOf(await client.query(table, { maxFiles: 1 }, asked))
      const pageToken = lines.at(-1).endStreamAction?.nextPageToken
      if (pageToken === undefined) throw new Skip('the server does not page')
      const other = { maxFiles: 1, pageToken, predicateHints: ['1 = 1'] }
      await expectRefusal(await client.query(table, other, asked), 400)
    },
  ],
]
