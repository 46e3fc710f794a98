import { expect, expectRefusal, expectStatus, Skip, tablePath } from './client.mjs'

const CLOUDS = ['awsTempCredentials', 'azureUserDelegationSas', 'gcpOauthToken', 'r2Credentials']

const vend = ({ client, table }, body) =>
  client.ask(`${tablePath(table)}/temporary-table-credentials`, {
    method: 'POST',
    ...(body !== undefined && { body }),
  })

function needDirectory({ table }) {
  if (!table.accessModes?.includes('dir')) throw new Skip('the table is not shared by dir access')
  return table.location
}

/** Checks of a table as it is listed, and of credentials for its folder. */
export const ACCESS_CHECKS = [
  [
    '81',
    'a table is got unwrapped',
    async ({ client, table }) => {
      const response = await client.ask(tablePath(table))
      if (response.status === 404 || response.status === 405) {
        throw new Skip('the server has no Get Table')
      }
      const got = await (await expectStatus(response, 200)).json()
      for (const key of ['share', 'schema', 'name']) {
        expect(got[key]?.toLowerCase() === table[key].toLowerCase(), `${key} is ${got[key]}`)
      }
      expect(
        got.format === undefined || /^(delta|iceberg)(,(delta|iceberg))?$/.test(got.format),
        got.format,
      )
    },
  ],
  [
    '13',
    'a table that is shared by dir access has a location',
    async context => {
      const location = needDirectory(context)
      expect(typeof location === 'string' && location !== '', `the location is ${location}`)
    },
  ],
  ...[undefined, '', '{}'].map(body => [
    '76',
    `the body ${body} gives credentials for the root`,
    async context => {
      const root = needDirectory(context)
      const response = await expectStatus(await vend(context, body), 200)
      const { credentials } = await response.json()
      expect(credentials.location === root, `the location is ${credentials.location}`)
      const clouds = CLOUDS.filter(cloud => credentials[cloud] !== undefined)
      expect(clouds.length === 1, `${clouds.length} clouds`)
      expect(credentials.expirationTime > Date.now(), 'they have expired')
    },
  ]),
  ...[
    ['a foreign location', () => 's3://no-such-bucket/x'],
    ['a way out', root => `${root}/../x`],
    ['a folder beside', root => `${root}2`],
  ].map(([what, location]) => [
    '77',
    `${what} is a 400`,
    async context => {
      const root = needDirectory(context)
      const body = JSON.stringify({ location: location(root) })
      await expectRefusal(await vend(context, body), 400)
    },
  ]),
  [
    '78',
    'a table that is not shared by dir access gives no credentials',
    async context => {
      if (context.table.accessModes?.includes('dir')) throw new Skip('it is shared by dir access')
      await expectRefusal(await vend(context, '{}'), 400, 403, 404, 501)
    },
  ],
  [
    '79',
    'credentials of an unknown share are a 404',
    async ({ client, table }) => {
      const unknown = { client, table: { ...table, share: 'no-such-share' } }
      await expectRefusal(await vend(unknown, '{}'), 404)
    },
  ],
]
