import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '@spillway/engine'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSharingServer } from '../../src/index.js'
import { add, ID, metaData, protocol } from '../support/lake.js'
import {
  failure,
  linesOf,
  OTHER_TOKEN,
  type Running,
  startServer,
  TOKEN,
  tablePath,
} from '../support/serve.js'

/** Jobs wait at this gate. */
const gate: { open: Promise<void>; fault: Error | undefined } = {
  open: Promise.resolve(),
  fault: undefined,
}

let submitted = false
let whole: Engine

function gated(engine: Engine): Engine {
  whole = engine
  return {
    ...engine,
    signedFiles(snapshot, options) {
      const files = engine.signedFiles(snapshot, options)
      if (!submitted) return files
      submitted = false
      return {
        plan: files.plan,
        expiresAt: undefined,
        async *[Symbol.asyncIterator]() {
          await gate.open
          if (gate.fault !== undefined) throw gate.fault
          yield* files
        },
      }
    },
  }
}

let server: Running
beforeAll(async () => {
  server = await startServer({ wrapEngine: gated })
})
afterAll(() => server.close())

const ASYNC = { 'delta-sharing-capabilities': 'responseformat=parquet;asyncquery=true' }

async function submit(table: string, body: object, headers: Record<string, string> = {}) {
  submitted = true
  const response = await server.query(table, body, { ...ASYNC, ...headers })
  return { response, lines: await linesOf(response) }
}

function look(table: string, id: unknown, body: object = {}, headers = {}): Promise<Response> {
  const path = `${tablePath(table)}/queries/${id}`
  return server.ask(path, { method: 'POST', body: JSON.stringify(body), headers })
}

async function untilReady(
  table: string,
  id: unknown,
  body: object = {},
  headers = {},
): Promise<Response> {
  for (;;) {
    const response = await look(table, id, body, headers)
    if (!(await response.clone().text()).includes('queryStatus')) return response
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

it('72: a query is accepted with an id, its version, and the word that it is asynchronous', async () => {
  const { response, lines } = await submit('simple', { idempotencyKey: 'k72' })
  expect(response.headers.get('delta-table-version')).toBe('2')
  expect(response.headers.get('delta-sharing-capabilities')).toBe(
    'responseformat=parquet;asyncquery=true',
  )
  expect(lines).toEqual([
    { queryStatus: { queryId: expect.stringMatching(/^q-/), status: 'pending' } },
  ])
  // A job that is left would take the place of a later test's at the gate.
  await untilReady('simple', lines[0]?.queryStatus?.queryId)
})

it('73: the same key gives the same id, in both spellings; another question under it is refused', async () => {
  const first = await submit('simple', { idempotencyKey: 'k73' })
  const again = await submit('simple', { idempotency_key: 'k73' })
  expect(again.lines).toEqual(first.lines)
  const other = await submit('partitioned', { idempotencyKey: 'k73' })
  expect(other.lines).not.toEqual(first.lines)
  const conflict = await server.query('simple', { idempotencyKey: 'k73', limitHint: 1 }, ASYNC)
  expect(await failure(conflict)).toMatchObject({ status: 409 })
  const theirs = await submit(
    'simple',
    { idempotencyKey: 'k73' },
    { authorization: `Bearer ${OTHER_TOKEN}` },
  )
  expect(theirs.lines).not.toEqual(first.lines)
  await untilReady('simple', first.lines[0]?.queryStatus?.queryId)
  await untilReady('partitioned', other.lines[0]?.queryStatus?.queryId)
  const authorization = `Bearer ${OTHER_TOKEN}`
  await untilReady('simple', theirs.lines[0]?.queryStatus?.queryId, {}, { authorization })
})

it('74: is pending until it is ready, and then the answer that a direct query gives', async () => {
  let release: () => void = () => undefined
  gate.open = new Promise(resolve => {
    release = resolve
  })
  const { lines } = await submit('partitioned', { predicateHints: ['id >= 20'] })
  const id = lines[0]?.queryStatus?.queryId
  expect(await linesOf(await look('partitioned', id))).toEqual(lines)
  release()
  const ready = await untilReady('partitioned', id)
  expect(ready.headers.get('delta-table-version')).toBe('1')
  const direct = await server.query('partitioned', { predicateHints: ['id >= 20'] })
  const strip = (text: string) => text.replace(/(expires=|Signature=|Timestamp":)[0-9a-f]+/g, '$1')
  expect(strip(await ready.text())).toBe(strip(await direct.text()))
})

it('74: an unknown id, another recipient’s and another table’s are a 404', async () => {
  const { lines } = await submit('simple', {})
  const id = lines[0]?.queryStatus?.queryId
  expect(await failure(await look('simple', 'q-unknown'))).toMatchObject({
    status: 404,
    errorCode: 'RESOURCE_DOES_NOT_EXIST',
  })
  const headers = { authorization: `Bearer ${OTHER_TOKEN}` }
  expect((await look('simple', id, {}, headers)).status).toBe(404)
  expect((await look('partitioned', id)).status).toBe(404)
  server.time.now += 2 * 3600_000
  expect((await look('simple', id)).status).toBe(404)
  server.time.now = Date.now()
})

it('a query that fails is an HTTP error: one client reads no status and would ask for ever', async () => {
  gate.fault = new Error('secret')
  const { lines } = await submit('simple', {})
  const answer = await failure(await untilReady('simple', lines[0]?.queryStatus?.queryId))
  gate.fault = undefined
  expect(answer).toMatchObject({ status: 500, errorCode: 'INTERNAL_ERROR' })
  expect(answer.message).not.toContain('secret')
})

it('what is wrong with a query is said when it is submitted', async () => {
  expect((await server.query('simple', { version: 99 }, ASYNC)).status).toBe(400)
  expect((await server.query('guarded.limited', { version: 1 }, ASYNC)).status).toBe(400)
  expect((await server.query('missing', {}, ASYNC)).status).toBe(404)
})

it('75: pages at the version it was accepted at', async () => {
  const own = await startServer()
  const table = own.lake.table('late')
  table.commit(protocol, metaData([ID]), add('a'), add('b'))
  own.shares.replace({
    ...own.config,
    shares: [
      {
        name: 'Lake',
        schemas: [{ name: 'Main', tables: [{ name: 'late', location: table.location }] }],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  })
  const [status] = await linesOf(await own.query('late', {}, ASYNC))
  table.commit(add('c'))
  const path = `${tablePath('late')}/queries/${status?.queryStatus?.queryId}`
  const files: string[] = []
  let pageToken: string | undefined
  do {
    const body = JSON.stringify({ maxFiles: 1, ...(pageToken && { pageToken }) })
    const response = await own.ask(path, { method: 'POST', body })
    const lines = await linesOf(response)
    if (lines[0]?.queryStatus) continue
    expect(response.headers.get('delta-table-version')).toBe('0')
    files.push(...lines.slice(2, -1).map(line => String(line.file?.id)))
    pageToken = lines.at(-1)?.endStreamAction?.nextPageToken as string | undefined
    if (pageToken === undefined) break
  } while (files.length < 10)
  expect(new Set(files).size).toBe(2)
  await own.close()
})

it('a read of versions can be asynchronous as well', async () => {
  const { response, lines } = await submit('optimized', { startingVersion: 0, endingVersion: 2 })
  submitted = false
  expect(response.headers.get('delta-table-version')).toBe('0')
  const ready = await untilReady('optimized', lines[0]?.queryStatus?.queryId)
  const kinds = (await linesOf(ready)).map(line => Object.keys(line)[0])
  expect(kinds).toEqual(['protocol', 'metaData', 'add', 'add', 'add', 'add'])
})

it('an id is answered after a restart, and by any replica with the same secret', async () => {
  const body = { predicateHints: ['id >= 20'], version: 1 }
  const { lines } = await submit('partitioned', body, { fileidhash: 'delta' })
  const id = lines[0]?.queryStatus?.queryId
  const ready = await (await untilReady('partitioned', id)).text()
  const ask = (tokenSecret: string) =>
    createSharingServer({ engine: whole, catalog: server.shares, tokenSecret }).fetch(
      new Request(`${server.origin}/delta-sharing${tablePath('partitioned')}/queries/${id}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    )
  const strip = (text: string) => text.replace(/(expires=|Signature=|Timestamp":)[0-9a-f]+/g, '$1')
  const again = await ask('the same after a restart')
  expect(again.headers.get('fileidhash')).toBe('delta')
  expect(strip(await again.text())).toBe(strip(ready))
  expect((await ask('another secret')).status).toBe(404)
})

it('an id is tied to its table: one that was recreated in its place is another', async () => {
  const own = await startServer()
  const lines = await linesOf(await own.query('simple', { limitHint: 1 }, ASYNC))
  const path = `${tablePath('simple')}/queries/${lines[0]?.queryStatus?.queryId}`
  rmSync(join(own.lake.root, 'simple'), { recursive: true })
  const table = own.lake.table('simple')
  table.commit(protocol, metaData([ID], { id: 'c0ffee00-0000-4000-8000-0000000000ff' }))
  table.commit(add('other'))
  table.commit(add('another'))
  // Snapshots of a version are kept for a minute.
  own.time.now += 120_000
  await expect
    .poll(async () => failure(await own.ask(path, { method: 'POST' })))
    .toMatchObject({ status: 400, message: expect.stringMatching(/was recreated/) })
  await own.close()
})

it('a question that is too long for a URL is answered at once', async () => {
  const predicateHints = [`id IN (${Array.from({ length: 3000 }, (_, id) => id).join(', ')})`]
  const response = await server.query('simple', { predicateHints }, ASYNC)
  expect(response.headers.get('delta-sharing-capabilities')).toBe('responseformat=parquet')
  expect(Object.keys((await linesOf(response))[0]!)).toEqual(['protocol'])
})

it('what has been taken back since is not answered', async () => {
  const own = await startServer()
  const [status] = await linesOf(await own.query('simple', {}, ASYNC))
  own.shares.replace({
    ...own.config,
    shares: [{ name: 'other' }, { name: 'third' }, { name: 'lake' }],
  })
  const path = `${tablePath('simple')}/queries/${status?.queryStatus?.queryId}`
  expect((await own.ask(path, { method: 'POST' })).status).toBe(404)
  await own.close()
})
