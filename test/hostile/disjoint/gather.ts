import type { RunningServer } from 'spillway'
import { type Asked, askRaw, type Raw, type Told, told, walk } from './asking.js'
import { FORMATS, type Format, type Region } from './lake.js'
import { questionsOf } from './questions.js'

/** What one recipient is told of one table. */
export interface Gathered {
  /** Page by page, for every question. */
  readonly answers: readonly { readonly asked: Asked; readonly pages: readonly Told[] }[]
  readonly submitted: Told
  readonly prepared: readonly Told[]
  /** Bytes behind every URL of the whole answer. */
  readonly files: readonly string[]
  /** Everything as it came. */
  readonly text: string
  readonly urls: readonly string[]
  readonly queryId: string
  readonly pageToken: string
}

export const queryOf = (format: Format, body: Readonly<Record<string, unknown>>): Asked => ({
  method: 'POST',
  path: `/shares/{share}/schemas/d/tables/${format}/query`,
  body,
})

export async function gatherAll(
  server: RunningServer,
  region: Region,
): Promise<ReadonlyMap<Format, Gathered>> {
  const all = new Map<Format, Gathered>()
  for (const format of FORMATS) all.set(format, await gather(server, region, format))
  return all
}

async function gather(server: RunningServer, region: Region, format: Format): Promise<Gathered> {
  const answers: { asked: Asked; pages: readonly Told[] }[] = []
  const raw: Raw[] = []
  for (const asked of questionsOf(format)) {
    const pages = await walk(server, region, asked)
    raw.push(...pages)
    answers.push({ asked, pages: pages.map(told) })
  }
  const { submitted, queryId, pages } = await asynchronously(server, region, format)
  const whole = await askRaw(server, region, queryOf(format, {}))
  const first = await askRaw(server, region, queryOf(format, { maxFiles: 1 }))
  const urls = [...whole.text.matchAll(/"(?:url|path)":"(http:[^"]+)"/g)].map(([, url]) => url!)
  return {
    answers,
    submitted: told(submitted),
    prepared: pages.map(told),
    files: await Promise.all(urls.map(async url => (await fetched(url)).bytes)),
    text: [...raw, submitted, ...pages].map(({ text }) => text).join('\n'),
    urls,
    queryId,
    pageToken: /"nextPageToken":"([^"]+)"/.exec(first.text)![1]!,
  }
}

export async function fetched(url: string): Promise<{ status: number; bytes: string }> {
  const response = await fetch(url)
  const bytes = Buffer.from(await response.arrayBuffer()).toString('latin1')
  return { status: response.status, bytes }
}

/** A query that is submitted, looked at until it is ready, and read in pages. */
async function asynchronously(server: RunningServer, region: Region, format: Format) {
  const query = {
    ...queryOf(format, { predicateHints: ['id >= 10'], idempotencyKey: 'one' }),
    capabilities: 'responseformat=delta,parquet;asyncquery=true',
  }
  const submitted = await askRaw(server, region, query)
  const queryId = /"queryId":"([^"]+)"/.exec(submitted.text)![1]!
  const path = query.path.replace(/query$/, `queries/${queryId}`)
  for (;;) {
    const pages = await walk(server, region, { ...query, path, body: { maxFiles: 2 } })
    if (!pages[0]!.text.includes('queryStatus')) return { submitted, queryId, pages }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
