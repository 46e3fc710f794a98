import { formatOf, idsOf, sorted } from './answers.mjs'
import { expect, expectRefusal, expectStatus, linesOf, Skip, tablePath } from './client.mjs'

const FAR = 1_000_000

function needHistory({ history }) {
  if (history === undefined) throw new Skip('the history of the table is not shared')
  return history
}

/** The latest version, and the earliest that is shared; undefined where history is not. */
export async function historyOf(client, table) {
  const latest = await client.ask(`${tablePath(table)}/version`)
  const since = await client.ask(
    `${tablePath(table)}/version?startingTimestamp=1970-01-01T00:00:00Z`,
  )
  if (latest.status !== 200 || since.status !== 200) return undefined
  const version = response => Number(response.headers.get('delta-table-version'))
  return { earliest: version(since), latest: version(latest) }
}

const metadata = (table, search) => `${tablePath(table)}/metadata?${search}`

/** Checks of versions and times, of a table whose history is shared, and of what is refused where it is not. */
export const HISTORY_CHECKS = [
  [
    '18',
    'the first version since the beginning is not after the latest',
    async context => {
      const { earliest, latest } = needHistory(context)
      expect(earliest >= 0 && earliest <= latest, `${earliest} and ${latest}`)
    },
  ],
  ...['2100-01-01T00:00:00Z', 'soon'].map(time => [
    '19',
    `version?startingTimestamp=${time} is a 400`,
    async ({ client, table }) =>
      void (await expectRefusal(
        await client.ask(`${tablePath(table)}/version?startingTimestamp=${time}`),
        400,
      )),
  ]),
  [
    '26',
    'metadata of the latest version is numbered so, of a later one refused',
    async context => {
      const { client, table, asked } = context
      const { latest } = needHistory(context)
      const response = await client.ask(metadata(table, `version=${latest}`), { headers: asked })
      await expectStatus(response, 200)
      expect(response.headers.get('delta-table-version') === String(latest), 'another version')
      const later = metadata(table, `version=${latest + FAR}`)
      await expectRefusal(await client.ask(later, { headers: asked }), 400)
    },
  ],
  ...['1970-01-01T00:00:00Z', '2100-01-01T00:00:00Z'].map(time => [
    '27',
    `metadata?timestamp=${time} is a 400`,
    async ({ client, table, asked }) =>
      void (await expectRefusal(
        await client.ask(metadata(table, `timestamp=${time}`), { headers: asked }),
        400,
      )),
  ]),
  [
    '44',
    'a query of the latest version has its files, each with the version',
    async context => {
      const { client, table, asked, files } = context
      const { latest } = needHistory(context)
      const response = await client.query(table, { version: latest }, asked)
      const lines = await linesOf(response)
      expect(response.headers.get('delta-table-version') === String(latest), 'another version')
      expect(sorted(idsOf(lines)) === sorted(files.map(file => file.id)), 'other files')
      const numbered = lines.filter(line => line.file).every(line => line.file.version === latest)
      expect(numbered, 'a file has another version')
    },
  ],
  ...['{"version":0}', '{"timestamp":"2026-01-01T00:00:00Z"}', '{"startingVersion":0}'].map(
    body => [
      '46',
      `without history, the body ${body} is a 400`,
      async ({ client, table, asked, history }) => {
        if (history !== undefined) throw new Skip('the history of the table is shared')
        await expectRefusal(await client.query(table, body, asked), 400)
      },
    ],
  ),
  ...[
    ['a start after the latest version', latest => ({ startingVersion: latest + FAR })],
    [
      'an end after the latest version',
      latest => ({ startingVersion: latest, endingVersion: latest + FAR }),
    ],
    ['an end before the start', latest => ({ startingVersion: latest + 1, endingVersion: latest })],
    ['a negative start', () => ({ startingVersion: -1 })],
    ['an end without a start', latest => ({ endingVersion: latest })],
    ['a start beside a version', latest => ({ startingVersion: latest, version: latest })],
  ].map(([what, body]) => [
    '61',
    `a read of versions with ${what} is a 400`,
    async context => {
      const { client, table, asked } = context
      const { latest } = needHistory(context)
      await expectRefusal(await client.query(table, body(latest), asked), 400)
    },
  ]),
  [
    '59, 63',
    'a read of versions is numbered by its start, its actions by their commit, and pages are the whole',
    async context => {
      const { client, table, asked } = context
      const { earliest } = needHistory(context)
      const body = { startingVersion: earliest }
      const response = await readable(client.query(table, body, asked))
      await expectChanges(context, response, earliest)
      await expectPagesAreWhole(
        pageToken => client.query(table, { ...body, maxFiles: 2, pageToken }, asked),
        await linesOf(await client.query(table, body, asked)),
      )
    },
  ],
  [
    '60',
    'a read of the latest version alone begins with its metadata, once',
    async context => {
      const { client, table, asked } = context
      const { latest } = needHistory(context)
      const lines = await linesOf(
        await readable(client.query(table, { startingVersion: latest }, asked)),
      )
      const kinds = lines.map(line => Object.keys(line)[0])
      expect(kinds.filter(kind => kind === 'metaData').length === 1, kinds.join(', '))
    },
  ],
  [
    '62',
    'historical protocol is told in delta format where it is asked for, and ignored in the other',
    async context => {
      const { client, table, asked } = context
      const { earliest } = needHistory(context)
      const ask = include =>
        client.query(
          table,
          { startingVersion: earliest, includeHistoricalProtocol: include },
          asked,
        )
      const [head] = await linesOf(await readable(ask(true)))
      expect(head.protocol, 'the head is no protocol')
      const protocols = (await linesOf(await ask(false))).filter(line => line.protocol)
      expect(protocols.length === 1, `${protocols.length} protocols unasked`)
    },
  ],
  [
    '64, 70, 71',
    'a change feed is numbered by its start, its actions by their commit, and pages are the whole',
    async context => {
      const { client, table, asked } = context
      const { earliest } = needHistory(context)
      const path = `${tablePath(table)}/changes?startingVersion=${earliest}`
      const response = await readable(client.ask(path, { headers: asked }))
      await expectChanges(context, response, earliest)
      const page = pageToken => {
        const next = pageToken === undefined ? '' : `&pageToken=${pageToken}`
        return client.ask(`${path}&maxFiles=2${next}`, { headers: asked })
      }
      await expectPagesAreWhole(page, await linesOf(await client.ask(path, { headers: asked })))
    },
  ],
  [
    '67',
    'historical metadata is asked for in any case',
    async context => {
      const { client, table, asked } = context
      const { earliest } = needHistory(context)
      const ask = value =>
        client.ask(
          `${tablePath(table)}/changes?startingVersion=${earliest}&includeHistoricalMetadata=${value}`,
          { headers: asked },
        )
      const upper = await linesOf(await readable(ask('True')))
      const lower = await linesOf(await ask('true'))
      expect(kindsOf(upper) === kindsOf(lower), 'True and true differ')
    },
  ],
  ...[
    ['a start after the latest version', latest => `startingVersion=${latest + FAR}`],
    ['an end before the start', latest => `startingVersion=${latest + 1}&endingVersion=${latest}`],
    [
      'both ends',
      latest => `startingVersion=0&endingVersion=${latest}&endingTimestamp=2026-01-01T00:00:00Z`,
    ],
    ['a start that is no number', () => 'startingVersion=one'],
  ].map(([what, search]) => [
    '65',
    `changes with ${what} is a 400`,
    async context => {
      const { client, table, asked } = context
      const { latest } = needHistory(context)
      const path = `${tablePath(table)}/changes?${search(latest)}`
      await expectRefusal(await client.ask(path, { headers: asked }), 400)
    },
  ]),
  [
    '66',
    'changes since after the latest commit are a 400',
    async context => {
      const { client, table, asked } = context
      needHistory(context)
      const path = `${tablePath(table)}/changes?startingTimestamp=2100-01-01T00:00:00Z`
      await expectRefusal(await client.ask(path, { headers: asked }), 400)
    },
  ],
  [
    '68',
    'without history, a change feed is a 400',
    async ({ client, table, asked, history }) => {
      if (history !== undefined) throw new Skip('the history of the table is shared')
      const path = `${tablePath(table)}/changes?startingVersion=0`
      await expectRefusal(await client.ask(path, { headers: asked }), 400)
    },
  ],
]

const kindsOf = lines => lines.map(line => Object.keys(line)[0]).join()

/** A range that a table cannot give (changes were not recorded, a feature is in the way) is refused, and skipped. */
async function readable(asking) {
  const response = await asking
  if (response.status !== 400) return expectStatus(response, 200)
  const { message } = await response.json()
  throw new Skip(`refused: ${message}`)
}

async function expectChanges({ asked }, response, start) {
  const version = response.headers.get('delta-table-version')
  expect(version === String(start), `the header says ${version}, not ${start}`)
  const format = formatOf(response)
  const lines = await linesOf(response)
  expect(lines[0].protocol && lines[1].metaData, `the head is missing (${JSON.stringify(asked)})`)
  let before = start
  for (const line of lines.slice(2)) {
    const [[kind, action]] = Object.entries(line)
    if (kind === 'metaData' || kind === 'protocol') continue
    const kinds = format === 'delta' ? ['file'] : ['add', 'remove', 'cdf']
    expect(kinds.includes(kind), `a line of kind ${kind}`)
    expect(Number.isInteger(action.version) && action.version >= before, 'versions do not ascend')
    expect(Number.isInteger(action.timestamp), 'an action has no timestamp')
    before = action.version
  }
}

const actionsOf = lines =>
  lines.slice(2).flatMap(line => {
    const [[kind, action]] = Object.entries(line)
    return action.id === undefined ? [] : [`${kind} ${action.version} ${action.id}`]
  })

async function expectPagesAreWhole(page, whole) {
  const actions = []
  let pageToken
  do {
    const lines = await linesOf(await expectStatus(await page(pageToken), 200))
    const end = lines.at(-1).endStreamAction
    if (!end) throw new Skip('the server does not page')
    expect(
      JSON.stringify(lines.slice(0, 2)) === JSON.stringify(whole.slice(0, 2)),
      'the heads of pages differ',
    )
    actions.push(...actionsOf(lines))
    pageToken = end.nextPageToken
  } while (pageToken && actions.length <= whole.length)
  expect(actions.join() === actionsOf(whole).join(), 'the pages are not the whole, in order')
}
