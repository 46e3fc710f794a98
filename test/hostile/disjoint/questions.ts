import { quickOr, spreadOf } from '@spillway/testkit'
import type { Asked } from './asking.js'
import type { Format } from './lake.js'

const TABLE = '/shares/:share/schemas/:schema/tables/:table'

/** What one client says that it can read, and whether it takes answers compressed. */
const CLIENTS: readonly Pick<Asked, 'capabilities' | 'encoding'>[] = [
  {},
  { capabilities: 'responseformat=parquet;includeendstreamaction=true' },
  { capabilities: 'responseformat=delta;readerfeatures=deletionvectors,columnmapping' },
  { capabilities: 'responseformat=delta;includeendstreamaction=true', encoding: 'gzip' },
]

const column = { op: 'column', name: 'region', valueType: 'string' }
const equal = (value: string) =>
  JSON.stringify({ op: 'equal', children: [column, { op: 'literal', value, valueType: 'string' }] })

const QUERIES: readonly Readonly<Record<string, unknown>>[] = [
  {},
  ...[1, 2, 3, 4, 5, 100].map(maxFiles => ({ maxFiles })),
  ...[0, 1, 10, 11, 25, 45, 1000].map(limitHint => ({ limitHint })),
  { limitHint: 25, maxFiles: 1 },
  ...["region = 'eu'", "region = 'us'", "region <> 'eu'", 'region IS NULL', "region LIKE 'u%'"].map(
    hint => ({ predicateHints: [hint] }),
  ),
  ...['id < 15', 'id >= 200', 'id = 105', 'id IN (0, 110, 230)', 'id = 9999', 'nonsense ('].map(
    hint => ({ predicateHints: [hint] }),
  ),
  { predicateHints: ["region = 'us' AND id > 100"], maxFiles: 1, limitHint: 15 },
  { jsonPredicateHints: equal('us') },
  { jsonPredicateHints: equal('eu'), maxFiles: 2 },
  { includeRefreshToken: true },
  { includeRefreshToken: true, maxFiles: 2 },
  ...[0, 1, 2, 3, 4, 99].map(version => ({ version })),
  { timestamp: '2026-01-03T00:00:00Z' },
  { timestamp: '2025-01-01T00:00:00Z' },
  { timestamp: '2099-01-01T00:00:00Z' },
  { startingVersion: 0 },
  { startingVersion: 0, maxFiles: 1 },
  { startingVersion: 0, maxFiles: 2, includeHistoricalProtocol: true },
  { startingVersion: 1, endingVersion: 2, maxFiles: 3 },
  { startingVersion: 4 },
  { startingVersion: 99 },
]

const CHANGES: readonly string[] = [
  'startingVersion=0',
  'startingVersion=1',
  'startingVersion=1&endingVersion=2',
  'startingVersion=4',
  'startingVersion=99',
  'startingVersion=0&includeHistoricalMetadata=true',
  'startingTimestamp=2025-01-01T00:00:00Z',
  ...[1, 2, 3, 5].map(maxFiles => `startingVersion=0&maxFiles=${maxFiles}`),
]

type Ask = Omit<Asked, 'method' | 'path'> & { readonly query?: string }

const plain: readonly Ask[] = [{}]
/** By one client after the other in turn, or each by every client. */
const everyClient = (asks: readonly Ask[]): readonly Ask[] =>
  spreadOf(asks, Math.ceil(asks.length / 3)).flatMap((ask, i) =>
    quickOr([CLIENTS[i % CLIENTS.length]!], CLIENTS).map(client => ({ ...ask, ...client })),
  )

/** What is asked of every route of the server, by its method and pattern. */
export const ROUTE_QUESTIONS: Readonly<Record<string, readonly Ask[]>> = {
  'GET /shares': [{}, { query: 'maxResults=1' }],
  'GET /shares/:share': plain,
  'GET /shares/:share/schemas': plain,
  'GET /shares/:share/schemas/:schema/tables': [{}, { query: 'maxResults=1' }],
  'GET /shares/:share/all-tables': [{}, { query: 'maxResults=3' }],
  [`GET ${TABLE}`]: plain,
  [`HEAD ${TABLE}`]: plain,
  [`GET ${TABLE}/version`]: [
    {},
    { query: 'startingTimestamp=2025-01-01T00:00:00Z' },
    { query: 'startingTimestamp=2099-01-01T00:00:00Z' },
  ],
  [`GET ${TABLE}/metadata`]: everyClient([{}, { query: 'version=1' }]),
  [`POST ${TABLE}/query`]: everyClient(QUERIES.map(body => ({ body }))),
  // Asked of what a query has returned in a test of its own; here, of none.
  [`POST ${TABLE}/queries/:query`]: [{ body: {} }, { body: { maxFiles: 1 } }],
  [`POST ${TABLE}/temporary-table-credentials`]: [
    { body: {} },
    { body: { location: 's3://elsewhere' } },
  ],
  [`GET ${TABLE}/changes`]: everyClient(CHANGES.map(query => ({ query }))),
}

/** All of it, of the table of one format. */
export function questionsOf(format: Format): readonly Asked[] {
  return Object.entries(ROUTE_QUESTIONS).flatMap(([route, asks]) => {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern
      .replace(':share', '{share}')
      .replace(':schema', 'd')
      .replace(':table', format)
      .replace(':query', 'q-unknown')
    return asks.map(({ query, ...ask }) => ({
      method,
      path: query === undefined ? path : `${path}?${query}`,
      ...ask,
    }))
  })
}
