import { idsOf, sorted } from './answers.mjs'
import { expect, expectRefusal, expectStatus, linesOf, Skip, tablePath } from './client.mjs'

const pollMs = 50
const MAX_POLLS = 200
let keys = 0

/** A query that is answered later; a server may answer it at once, and is then not asked further. */
async function submit({ client, table, asked }, key = `check-${process.pid}-${keys++}`) {
  const header = `${asked['delta-sharing-capabilities']};asyncquery=true`
  const headers = { 'delta-sharing-capabilities': header }
  const response = await client.query(table, { idempotencyKey: key }, headers)
  const [{ queryStatus }, ...more] = await linesOf(await expectStatus(response, 200))
  if (queryStatus === undefined) throw new Skip('the server answers at once')
  expect(more.length === 0, 'there are more lines than the status')
  expect(typeof queryStatus.queryId === 'string' && queryStatus.queryId !== '', 'there is no id')
  return { response, id: queryStatus.queryId, key }
}

async function poll({ client, table }, id, body = {}) {
  for (let polls = 0; polls < MAX_POLLS; polls++) {
    const response = await client.ask(`${tablePath(table)}/queries/${id}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    const lines = await linesOf(await expectStatus(response, 200))
    if (lines[0].queryStatus === undefined) return { response, lines }
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  throw new Error(`the query is still pending after ${MAX_POLLS} polls`)
}

export const ASYNC_CHECKS = [
  [
    '72',
    'a query that is answered later has an id, its version, and says so',
    async context => {
      const { response } = await submit(context)
      const header = response.headers.get('delta-sharing-capabilities') ?? ''
      expect(header.includes('asyncquery=true'), `the header is ${header}`)
      expect(response.headers.get('delta-table-version'), 'there is no version header')
    },
  ],
  [
    '73',
    'the same key is the same query',
    async context => {
      const first = await submit(context)
      const again = await submit(context, first.key)
      expect(first.id === again.id, 'the ids differ')
    },
  ],
  [
    '74',
    'the answer is that of a query; an unknown id is a 404',
    async context => {
      const { client, table, files } = context
      const { id } = await submit(context)
      const { response, lines } = await poll(context, id)
      expect(response.headers.get('delta-table-version'), 'there is no version header')
      expect(sorted(idsOf(lines)) === sorted(files.map(file => file.id)), 'other files')
      const unknown = `${tablePath(table)}/queries/no-such-query`
      await expectRefusal(await client.ask(unknown, { method: 'POST', body: '{}' }), 404)
    },
  ],
  [
    '75',
    'the answer comes in pages where they are asked for',
    async context => {
      const { files } = context
      const { id } = await submit(context)
      const ids = []
      let pageToken
      do {
        const { lines } = await poll(context, id, {
          maxFiles: Math.max(1, Math.ceil(files.length / 3)),
          ...(pageToken && { pageToken }),
        })
        if (!lines.at(-1).endStreamAction) throw new Skip('the server does not page')
        ids.push(...idsOf(lines))
        pageToken = lines.at(-1).endStreamAction.nextPageToken
      } while (pageToken && ids.length <= files.length)
      expect(sorted(ids) === sorted(files.map(file => file.id)), 'the pages are not the whole')
    },
  ],
]
