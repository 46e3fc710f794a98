import { createHash } from 'node:crypto'
import { parseConfig, type RunningServer, startServer } from 'spillway'
import { FORMATS, type Format, REGIONS, type Region } from './lake.js'

const tokenOf = (region: Region) => `token-of-the-recipient-of-${region}`

/** A server whose share `of-eu` has `tableOf(format, 'eu')` for whoever was granted it, and so for `us`. */
export function serve(
  folder: string,
  tableOf: (format: string, region: Region) => { location: string; partitions?: string },
  formats: readonly Format[] = FORMATS,
): Promise<RunningServer> {
  const shares = REGIONS.map(region => ({
    name: `of-${region}`,
    schemas: [
      {
        name: 'd',
        tables: formats.map(format => ({
          name: format,
          format,
          history: true,
          ...tableOf(format, region),
        })),
      },
    ],
  }))
  const recipients = REGIONS.map(region => ({
    name: region,
    shares: [`of-${region}`],
    tokens: [{ sha256: createHash('sha256').update(tokenOf(region)).digest('hex') }],
  }))
  const server = { port: 0, secret: 'one secret for both servers' }
  // JSON is YAML.
  const text = JSON.stringify({ server, shares, recipients })
  return startServer(parseConfig(text, { folder, path: 'spillway.yaml' }))
}

export interface Asked {
  readonly method: string
  /** Below `/delta-sharing`; `{share}` is the recipient's own. */
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly capabilities?: string
  readonly encoding?: string
}

export interface Told {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly lines: readonly string[]
}

/** An answer as it came. */
export interface Raw {
  readonly response: Response
  readonly text: string
}

export async function askRaw(
  { endpoint }: RunningServer,
  region: Region,
  { method, path, body, capabilities, encoding = 'identity' }: Asked,
): Promise<Raw> {
  const response = await fetch(`${endpoint}${path.replaceAll('{share}', `of-${region}`)}`, {
    method,
    headers: {
      authorization: `Bearer ${tokenOf(region)}`,
      'accept-encoding': encoding,
      ...(capabilities !== undefined && { 'delta-sharing-capabilities': capabilities }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { response, text: await response.text() }
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** What may differ is cut out: signatures, hosts and folders of URLs; of what is sealed the length is kept. */
export function told({ response, text }: Raw): Told {
  const kept = [...response.headers].filter(
    ([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name),
  )
  const plain = text
    .replace(/provider finds it under request id [^";]+/g, found => found.replace(UUID, 'UUID'))
    .replace(
      /http:\/\/127\.0\.0\.1:\d+\/delta-sharing\/files\/[0-9a-f]{16}(\/[^"?]+)\?[^"]+/g,
      (url, name: string) => `URL${name} of ${url.replace(/:\d+/, '').length}`,
    )
    .replace(
      /"(nextPageToken|refreshToken|queryId)":"([^"]+)"/g,
      (_, name: string, sealed: string) => `"${name}":${sealed.length}`,
    )
    .replace(/"(expirationTimestamp|minUrlExpirationTimestamp)":\d+/g, '"$1":0')
  return {
    status: response.status,
    headers: kept,
    lines: plain.split('\n').map(line => (line.includes('"metaData"') ? withoutSize(line) : line)),
  }
}

/** How large a whole table is, is told of whole tables alone. */
function withoutSize(line: string): string {
  const { metaData } = JSON.parse(line)
  const { size: _, numFiles: __, deltaMetadata, ...rest } = metaData
  const { size: ___, numFiles: ____, ...delta } = deltaMetadata ?? {}
  return JSON.stringify({ ...rest, delta })
}

/** Every page of an answer, and what is sealed to ask for the next. */
export async function walk(
  server: RunningServer,
  region: Region,
  asked: Asked,
): Promise<readonly Raw[]> {
  const pages: Raw[] = []
  let pageToken: string | undefined
  do {
    const { body, path } = asked
    const sign = path.includes('?') ? '&' : '?'
    const page = await askRaw(server, region, {
      ...asked,
      ...(body && { body: { ...body, pageToken } }),
      ...(body === undefined && pageToken && { path: `${path}${sign}pageToken=${pageToken}` }),
    })
    pages.push(page)
    pageToken = /"nextPageToken":"([^"]+)"/.exec(page.text)?.[1]
  } while (pageToken !== undefined && pages.length < 40)
  return pages
}
