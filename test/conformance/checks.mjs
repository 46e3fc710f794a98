import { formatOf, idsOf, sorted } from './answers.mjs'
import { ACCESS_CHECKS } from './checks-access.mjs'
import { ASYNC_CHECKS } from './checks-async.mjs'
import { HINT_CHECKS } from './checks-hints.mjs'
import { HISTORY_CHECKS, historyOf } from './checks-history.mjs'
import { expect, expectRefusal, expectStatus, linesOf, Skip, tablePath } from './client.mjs'

const UNKNOWN = { share: 'no-such-share', schema: 'x', name: 'y' }
const DELTA = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping,timestampntz'
const capabilities = value => ({ 'delta-sharing-capabilities': value })

/** Checks of the server; `client` asks it, `shares` is what it lists. */
export const SERVER_CHECKS = [
  [
    '1',
    'no token and a wrong token are a 401 in JSON with WWW-Authenticate',
    async ({ client }) => {
      for (const headers of [{ authorization: '' }, { authorization: 'Bearer wrong' }]) {
        const response = await client.ask('/shares', { headers })
        expect(response.headers.get('www-authenticate'), 'there is no WWW-Authenticate')
        await expectRefusal(response, 401)
      }
    },
  ],
  [
    '3',
    'shares are one line of JSON',
    async ({ client }) => {
      const response = await expectStatus(await client.ask('/shares'), 200)
      const type = response.headers.get('content-type')
      expect(type?.startsWith('application/json'), `the content type is ${type}`)
      expect(
        !(await response.text()).trimEnd().includes('\n'),
        'a client reads the first line only',
      )
    },
  ],
  [
    '4',
    'pages of one visit every share once',
    async ({ client, shares }) => {
      const paged = await client.all('/shares?maxResults=1')
      expect(sorted(paged.map(s => s.name)) === sorted(shares.map(s => s.name)), 'pages differ')
    },
  ],
  [
    '5',
    'maxResults=0 is no items',
    async ({ client }) => {
      const { items = [] } = await client.json('/shares?maxResults=0')
      expect(items.length === 0, `${items.length} items`)
    },
  ],
  ...['-1', 'string'].map(given => [
    '6',
    `maxResults=${given} is a 400`,
    async ({ client }) =>
      void (await expectRefusal(await client.ask(`/shares?maxResults=${given}`), 400)),
  ]),
  [
    '7',
    'a page token of one list opens no other',
    async ({ client }) => {
      const { nextPageToken } = await client.json('/shares?maxResults=1')
      if (!nextPageToken) throw new Skip('there is one page of shares')
      const [{ name }] = await client.all('/shares')
      const path = `/shares/${encodeURIComponent(name)}/all-tables?pageToken=${nextPageToken}`
      await expectRefusal(await client.ask(path), 400)
    },
  ],
  ...[':', 'bm90LWEtdG9rZW4'].map(token => [
    '7',
    `the page token ${token} is a 400`,
    async ({ client }) =>
      void (await expectRefusal(await client.ask(`/shares?pageToken=${token}`), 400)),
  ]),
  [
    '8',
    'a share is got wrapped, in any case',
    async ({ client, shares }) => {
      const { name } = shares[0]
      for (const spelling of [name, name.toUpperCase(), name.toLowerCase()]) {
        const { share } = await client.json(`/shares/${encodeURIComponent(spelling)}`)
        expect(share?.name?.toLowerCase() === name.toLowerCase(), `got ${share?.name}`)
      }
    },
  ],
  ...['', '/schemas', '/all-tables', '/schemas/x/tables', '/schemas/x/tables/y/version'].map(
    path => [
      '9',
      `an unknown share${path} is a 404`,
      async ({ client }) =>
        void (await expectRefusal(await client.ask(`/shares/${UNKNOWN.share}${path}`), 404)),
    ],
  ),
  [
    '9',
    'a query of an unknown share is a 404',
    async ({ client }) => void (await expectRefusal(await client.query(UNKNOWN), 404)),
  ],
  [
    '10-12',
    'the tables of every schema are all the tables of the share',
    async ({ client, shares }) => {
      for (const { name } of shares) {
        const share = `/shares/${encodeURIComponent(name)}`
        const all = await client.all(`${share}/all-tables`)
        const each = []
        for (const schema of await client.all(`${share}/schemas`)) {
          each.push(
            ...(await client.all(`${share}/schemas/${encodeURIComponent(schema.name)}/tables`)),
          )
        }
        const names = tables => sorted(tables.map(t => `${t.schema}.${t.name}`))
        expect(names(all) === names(each), `share ${name} differs`)
      }
    },
  ],
]

/** Checks of one table's listing, version, metadata and queries. */
const QUERY_CHECKS = [
  [
    '16, 17',
    'GET version and HEAD table answer the same version without a body',
    async ({ client, table }) => {
      const get = await expectStatus(await client.ask(`${tablePath(table)}/version`), 200)
      const head = await expectStatus(await client.ask(tablePath(table), { method: 'HEAD' }), 200)
      const versions = [get, head].map(response => response.headers.get('delta-table-version'))
      expect(/^\d+$/.test(versions[0] ?? '') && versions[0] === versions[1], versions.join(' and '))
      expect((await get.text()) === '', 'there is a body')
    },
  ],
  [
    '14',
    'names are in any case',
    async ({ client, table }) => {
      const { share, schema, name } = table
      const upper = {
        share: share.toUpperCase(),
        schema: schema.toUpperCase(),
        name: name.toUpperCase(),
      }
      await expectStatus(await client.ask(`${tablePath(upper)}/version`), 200)
    },
  ],
  [
    '20',
    'an unknown table is a 404',
    async ({ client, table }) => {
      const missing = tablePath({ ...table, name: 'no-such-table' })
      await expectRefusal(await client.ask(`${missing}/version`), 404)
      await expectStatus(await client.ask(missing, { method: 'HEAD' }), 404)
    },
  ],
  [
    '21, 22',
    'metadata is two lines, in the format that its header says',
    async ({ client, table, asked }) => {
      const response = await client.ask(`${tablePath(table)}/metadata`, { headers: asked })
      const lines = await linesOf(response)
      expect(lines.length === 2, `${lines.length} lines`)
      const [{ protocol }, { metaData }] = lines
      const format = formatOf(response)
      expect(format === 'delta' ? protocol.deltaProtocol : protocol.minReaderVersion, 'no protocol')
      const facts = format === 'delta' ? metaData.deltaMetadata : metaData
      for (const key of ['id', 'schemaString', 'format', 'partitionColumns']) {
        expect(facts[key] !== undefined, `metaData has no ${key}`)
      }
      expect(response.headers.get('delta-table-version'), 'there is no version header')
    },
  ],
  [
    '24, 25',
    'capability keys are in any case, unknown ones are ignored',
    async ({ client, table, asked }) => {
      const value = `FutureKey=1;${asked['delta-sharing-capabilities']}`.replace(
        'responseformat',
        'ResponseFormat',
      )
      await expectStatus(
        await client.ask(`${tablePath(table)}/metadata`, { headers: capabilities(value) }),
        200,
      )
    },
  ],
  ...['version=-1', 'version=x', 'version=0&timestamp=2026-01-01T00:00:00Z', 'timestamp=soon'].map(
    search => [
      '26, 27',
      `metadata?${search} is a 400`,
      async ({ client, table }) =>
        void (await expectRefusal(await client.ask(`${tablePath(table)}/metadata?${search}`), 400)),
    ],
  ),
  [
    '30',
    'metadata and a query begin with the same bytes',
    async ({ client, table, asked }) => {
      const metadata = await (
        await client.ask(`${tablePath(table)}/metadata`, { headers: asked })
      ).text()
      const query = await (await client.query(table, {}, asked)).text()
      expect(query.startsWith(metadata.trimEnd()), 'the first two lines differ')
    },
  ],
  [
    '31, 33',
    'files have all that a client needs, and live',
    async ({ files, format }) => {
      for (const file of files) {
        const action = format === 'delta' ? file.deltaSingleAction.add : file
        expect(typeof file.id === 'string' && file.id !== '', 'a file has no id')
        expect(/^https?:/.test(format === 'delta' ? action.path : action.url), 'a file has no URL')
        expect(Number.isSafeInteger(action.size) && action.size > 0, `size ${action.size}`)
        expect(typeof action.partitionValues === 'object', 'a file has no partitionValues')
        expect(
          (file.expirationTimestamp ?? Number.POSITIVE_INFINITY) > Date.now(),
          'a URL has expired',
        )
      }
    },
  ],
  [
    '32, 104',
    'URLs give their file whole and in ranges, and nothing when tampered with',
    async ({ files, format }) => {
      if (files.length === 0) throw new Skip('the table has no files')
      const action = format === 'delta' ? files[0].deltaSingleAction.add : files[0]
      const url = action.path ?? action.url
      const range = await expectStatus(await fetch(url, { headers: { range: 'bytes=0-3' } }), 206)
      expect((await range.text()) === 'PAR1', 'the file does not begin as Parquet does')
      const whole = await (await fetch(url)).arrayBuffer()
      expect(whole.byteLength === action.size, `${whole.byteLength} bytes, not ${action.size}`)
      const tampered = await fetch(url.replace(/.(?=\?|$)/, '~'))
      expect(tampered.status >= 400, `a tampered URL answers ${tampered.status}`)
    },
  ],
  [
    '34',
    'ids are the same on every call',
    async ({ client, table, asked, files }) => {
      const again = idsOf(await linesOf(await client.query(table, {}, asked)))
      expect(sorted(again) === sorted(files.map(file => file.id)), 'ids differ')
    },
  ],
  ...[
    ['parquet', 32],
    ['delta', 64],
  ].map(([hash, digits]) => [
    '35',
    `fileidhash ${hash} is echoed`,
    async ({ client, table, asked }) => {
      const response = await client.query(table, {}, { ...asked, fileidhash: hash })
      expect(response.headers.get('fileidhash') === hash, 'it is not echoed')
      const [id] = idsOf(await linesOf(response))
      expect(id === undefined || id.length === digits, `an id of ${id?.length} characters`)
    },
  ]),
  [
    '36',
    'an unknown fileidhash is a 400',
    async ({ client, table, asked }) =>
      void (await expectRefusal(
        await client.query(table, {}, { ...asked, fileidhash: 'md5' }),
        400,
      )),
  ],
  ...[
    { predicateHints: ['not sql at all ('] },
    { jsonPredicateHints: 'not json' },
    { jsonPredicateHints: '' },
  ].map(body => [
    '37-40',
    `the hint ${JSON.stringify(body)} drops nothing`,
    async ({ client, table, asked, files }) => {
      const lines = await linesOf(await client.query(table, body, asked))
      expect(
        idsOf(lines).length === files.length,
        `${idsOf(lines).length} of ${files.length} files`,
      )
    },
  ]),
  [
    '43',
    'limitHint 1 gives a file where there is one',
    async ({ client, table, asked, files }) => {
      const ids = idsOf(await linesOf(await client.query(table, { limitHint: 1 }, asked)))
      expect(ids.length > 0 || files.length === 0, 'no file')
    },
  ],
  ...[
    '{"version":1,"timestamp":"2026-01-01T00:00:00Z"}',
    '{"version":"x3"}',
    '{"predicateHints":{}}',
    '{"version":-1}',
  ].map(body => [
    '45, 48',
    `the body ${body} is a 400`,
    async ({ client, table, asked }) =>
      void (await expectRefusal(await client.query(table, body, asked), 400)),
  ]),
  [
    '51',
    'the end of the stream is told to who asks, and to nobody else',
    async ({ client, table, asked, text }) => {
      expect(!text.includes('endStreamAction'), 'it is told unasked')
      const value = `${asked['delta-sharing-capabilities']};includeendstreamaction=true`
      const response = await client.query(table, {}, capabilities(value))
      const echoed = response.headers.get('delta-sharing-capabilities') ?? ''
      if (!echoed.includes('includeendstreamaction=true'))
        throw new Skip('the server does not offer it')
      expect((await linesOf(response)).at(-1).endStreamAction, 'the last line is another')
    },
  ],
  [
    '52',
    'a refresh gives the same files',
    async ({ client, table, asked, files }) => {
      const lines = await linesOf(await client.query(table, { includeRefreshToken: true }, asked))
      const refreshToken = lines.at(-1).endStreamAction?.refreshToken
      if (refreshToken === undefined) throw new Skip('the server gives no refresh tokens')
      const again = idsOf(await linesOf(await client.query(table, { refreshToken }, asked)))
      expect(sorted(again) === sorted(files.map(file => file.id)), 'ids differ')
      await expectRefusal(await client.query(table, { refreshToken: 'garbage' }, asked), 400)
    },
  ],
  [
    '54, 55',
    'pages repeat the head byte for byte and together are the whole',
    async ({ client, table, asked, files, text }) => {
      const head = text.split('\n').slice(0, 2).join('\n')
      const ids = []
      let pageToken
      do {
        const body = {
          maxFiles: Math.max(1, Math.ceil(files.length / 3)),
          ...(pageToken && { pageToken }),
        }
        const page = await (await expectStatus(await client.query(table, body, asked), 200)).text()
        const lines = page
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line))
        if (!lines.at(-1).endStreamAction) throw new Skip('the server does not page')
        expect(page.startsWith(head), 'the first two lines differ')
        ids.push(...idsOf(lines))
        pageToken = lines.at(-1).endStreamAction.nextPageToken
      } while (pageToken && ids.length <= files.length)
      expect(sorted(ids) === sorted(files.map(file => file.id)), 'the pages are not the whole')
    },
  ],
  ...['0', '-1', '"one"'].map(maxFiles => [
    '56',
    `maxFiles ${maxFiles} is a 400`,
    async ({ client, table, asked }) =>
      void (await expectRefusal(await client.query(table, `{"maxFiles":${maxFiles}}`, asked), 400)),
  ]),
  ...['', 'startingVersion=x', 'startingVersion=0&startingTimestamp=2026-01-01T00:00:00Z'].map(
    search => [
      '65',
      `changes?${search} is a 400`,
      async ({ client, table, asked }) =>
        void (await expectRefusal(
          await client.ask(`${tablePath(table)}/changes?${search}`, { headers: asked }),
          400,
        )),
    ],
  ),
]

/** Checks of one table. */
export const TABLE_CHECKS = [
  ...QUERY_CHECKS,
  ...HINT_CHECKS,
  ...HISTORY_CHECKS,
  ...ASYNC_CHECKS,
  ...ACCESS_CHECKS,
]

/** Every check of a table sees its files in one of the two formats. */
export async function tableContext(client, table, format) {
  const asked = capabilities(format === 'delta' ? DELTA : 'responseformat=parquet')
  const response = await client.query(table, {}, asked)
  if (response.status === 400) {
    const { message } = await response.json()
    throw new Skip(`refused in ${format} format: ${message}`)
  }
  const text = await (await expectStatus(response, 200)).text()
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const [{ protocol }, { metaData }] = lines
  const { schemaString, partitionColumns } = metaData.deltaMetadata ?? metaData
  return {
    client,
    table,
    asked,
    text,
    files: lines.filter(line => line.file).map(line => line.file),
    format: formatOf(response),
    protocol,
    metaData,
    schema: JSON.parse(schemaString),
    partitionColumns,
    history: await historyOf(client, table),
  }
}
