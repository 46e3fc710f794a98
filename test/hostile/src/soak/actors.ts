import { createHash, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@spillway/testkit'
import { ask } from '../load/ask.js'
import { tablePath } from '../load/server-process.js'
import {
  askTable,
  type Caller,
  expectSame,
  filesOf,
  linesOf,
  nameIn,
  namesOf,
  query,
  summaryOf,
} from './answer-lines.js'
import type { GrowingTable } from './growing-table.js'

export interface Soak {
  readonly caller: Caller
  readonly growing: GrowingTable
  /** What tables that do not change are answered with, and a digest of each file by its id. */
  readonly known: ReadonlyMap<string, string>
  readonly digests: Map<string, string>
  readonly random: Random
}

/** One thing that a recipient does. Throws where an answer is not what the table's version holds. */
export type Actor = (soak: Soak) => Promise<void>

const GROWING = 'growing'
const LATER = { 'delta-sharing-capabilities': 'responseformat=parquet;asyncquery=true' }

const settled: Actor = async ({ caller, known, random }) => {
  const table = random.pick([...known.keys()])
  const lines = await query(caller, table, {})
  expectSame(summaryOf(lines), known.get(table), `the files of ${table}`)
}

const hinted: Actor = async ({ caller, growing, random }) => {
  const { version } = growing
  const all = growing.filesAt(version)
  if (all.length === 0) return
  const at = random.integer(0, all.length - 1)
  const first = version - all.length / 3 + 1
  const body = { version, predicateHints: [`id >= ${first * 3 + at}`] }
  const lines = await query(caller, GROWING, { body })
  expectSame(
    sorted(namesOf(lines)),
    all.slice(at),
    `files of version ${version} with ${body.predicateHints}`,
  )
}

const newest: Actor = async ({ caller, growing }) => {
  const before = growing.version
  const lines = await query(caller, GROWING, {})
  const found = sorted(namesOf(lines))
  // An answer may be as old as `freshnessSeconds`, and as new as a commit that came meanwhile.
  const from = Math.max(1, before - 10)
  const versions = Array.from({ length: growing.version - from + 2 }, (_, i) => from + i)
  const text = JSON.stringify(found)
  if (versions.some(version => JSON.stringify(growing.filesAt(version)) === text)) return
  throw new Error(`the newest files are of no version near ${before}: ${text.slice(0, 300)}`)
}

const paged: Actor = async ({ caller, growing }) => {
  const { version } = growing
  const found: string[] = []
  let pageToken: string | undefined
  do {
    const body =
      pageToken === undefined ? { version, maxFiles: 25 } : { pageToken, maxFiles: 25, version }
    const lines = await query(caller, GROWING, { body })
    found.push(...namesOf(lines))
    pageToken = lines.flatMap(
      line => line.endStreamAction?.nextPageToken ?? line.nextPageToken ?? [],
    )[0]
    if (pageToken === '') pageToken = undefined
  } while (pageToken !== undefined)
  expectSame(sorted(found), growing.filesAt(version), `pages of version ${version}`)
}

const changes: Actor = async ({ caller, growing, random }) => {
  const { version } = growing
  const from = Math.max(1, version - random.integer(0, 8))
  const rest = `changes?startingVersion=${from}&endingVersion=${version}`
  const lines = linesOf(await askTable(caller, [GROWING, rest]))
  const expected = { added: [] as string[], removed: [] as string[] }
  for (let at = from; at <= version; at++) {
    const { added, removed } = growing.changesOf(at)
    expected.added.push(...added)
    expected.removed.push(...removed)
  }
  const added = lines.flatMap(({ add }) => (add === undefined ? [] : nameIn(add.url)))
  const removed = lines.flatMap(({ remove }) => (remove === undefined ? [] : nameIn(remove.url)))
  expectSame(sorted(added), sorted(expected.added), `adds of ${from} to ${version}`)
  expectSame(sorted(removed), sorted(expected.removed), `removes of ${from} to ${version}`)
}

const metadata: Actor = async ({ caller, known, random }) => {
  const table = random.pick([...known.keys(), GROWING])
  const lines = linesOf(await askTable(caller, [table, 'metadata']))
  if (!lines.some(({ metaData }) => metaData !== undefined)) throw new Error('no metaData line')
}

const later: Actor = async ({ caller, growing }) => {
  const { version } = growing
  const body = { version, idempotencyKey: randomUUID() }
  let lines = await query(caller, GROWING, { body, headers: LATER })
  for (let polls = 0; polls < 200; polls++) {
    const id = lines[0]?.queryStatus?.queryId
    if (id === undefined) {
      return expectSame(
        sorted(namesOf(lines)),
        growing.filesAt(version),
        `asked later, version ${version}`,
      )
    }
    await sleep(20)
    lines = linesOf(await askTable(caller, [GROWING, `queries/${id}`], { body: {} }))
  }
  throw new Error('an asynchronous query is pending after 200 polls')
}

const download: Actor = async ({ caller, known, digests, random }) => {
  const table = random.pick([...known.keys()])
  const file = random.pick(filesOf(await query(caller, table, {})))
  const question = { endpoint: file.url, path: '', agent: caller.agent, keep: true }
  const { status, body: bytes } = await ask(question)
  expectSame([status, bytes.length], [200, file.size], `a file of ${table}`)
  const digest = createHash('sha256').update(bytes).digest('hex')
  const key = `${table} ${file.id}`
  expectSame(digest, digests.get(key) ?? digest, `bytes of a file of ${table}`)
  digests.set(key, digest)
}

/** Leaves with the first bytes, or before. */
const vanish: Actor = async ({ caller, random }) => {
  const patience = random.integer(0, 5)
  await new Promise<void>(resolve => {
    const post = request(`${caller.endpoint}${tablePath(GROWING)}/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller.token}` },
      agent: false,
    })
    post.on('error', () => resolve()).on('close', resolve)
    post.on('response', response =>
      response.once('data', () => post.destroy()).on('error', () => undefined),
    )
    post.end('{}')
    setTimeout(() => post.destroy(), patience)
  })
}

const refused: Actor = async ({ caller, random }) => {
  const [path, body, token, statuses] = random.pick([
    [`${tablePath('nowhere')}/query`, {}, caller.token, [404]],
    [`${tablePath(GROWING)}/query`, { version: -1 }, caller.token, [400]],
    [`${tablePath(GROWING)}/query`, { version: 1e9 }, caller.token, [400, 404]],
    [`${tablePath(GROWING)}/query`, { pageToken: 'made up' }, caller.token, [400]],
    [`${tablePath(GROWING)}/query`, {}, 'nobody', [401, 403, 429]],
    ['/nothing/here', undefined, caller.token, [404]],
  ] as const)
  const { status, body: answer } = await ask({
    ...caller,
    path,
    token,
    keep: true,
    ...(body !== undefined && { body }),
  })
  const isExpected = (statuses as readonly number[]).includes(status)
  if (!isExpected) throw new Error(`${path} answered ${status}: ${answer.toString('utf8', 0, 200)}`)
}

export const ACTORS: Readonly<Record<string, Actor>> = {
  settled,
  hinted,
  newest,
  paged,
  changes,
  metadata,
  later,
  download,
  vanish,
  refused,
}

function sorted(names: readonly string[]): readonly string[] {
  return [...names].sort()
}
