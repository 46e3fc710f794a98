import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Profile, parseProfile, profileText } from '@spillway/protocol'

/** One data file of the only table, `share.main.t`. */
export interface ServedData {
  readonly bytes: Uint8Array
  readonly partitionValues?: Readonly<Record<string, string | null>>
  readonly stats?: string
  /** What the share says instead of its size. */
  readonly statedSize?: number
}

export interface ShareServerOptions {
  readonly files: readonly ServedData[]
  readonly schemaString: string
  readonly partitionColumns?: readonly string[]
  /** Life of a URL; unlimited unless given. */
  readonly urlLifeMs?: number
  /** Answers a request for data itself where it returns true. */
  readonly onData?: (exchange: DataExchange) => boolean | Promise<boolean>
  /** The error that asking for the table's metadata is answered with. */
  readonly metadataError?: {
    readonly status: number
    readonly errorCode: string
    readonly message: string
  }
  /** Names of the tables in `share.main`; `t` alone unless given. */
  readonly tables?: readonly string[]
  /** Tables of a page; all of them unless given. */
  readonly pageSize?: number
  /** Answers a request about a table itself where it returns true. */
  readonly onTable?: (table: string, response: ServerResponse) => boolean | Promise<boolean>
  /** How many files a query with a limit is answered with, whatever the limit is. */
  readonly filesForLimit?: number
  /** Says that it reads SQL hints, as our own servers do. */
  readonly readsSqlHints?: boolean
  /** The entity tag of a file's answers, none where it is undefined; of its number unless given. */
  readonly tagOf?: (file: number) => string | undefined
  /** Answers `If-Match` with 412 where the tag is another; true unless given. */
  readonly heedsConditions?: boolean
  /** Answers a query itself where it returns true. */
  readonly onQuery?: (body: string, response: ServerResponse) => boolean
}

export interface DataExchange {
  readonly file: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** How many requests for data came before. */
  readonly count: number
}

export interface ShareServer {
  readonly profile: Profile
  /** Requests that were no downloads, as method and path. */
  readonly requests: string[]
  /** Bodies of the queries that came. */
  readonly queries: string[]
  /** Bytes of data files that were sent. */
  readonly sent: { bytes: number; requests: number; refused: number }
  /** Connections that were made. */
  readonly connections: () => number
  close(): Promise<void>
}

/** A provider of the smallest kind, whose answers a test may spoil. */
export async function shareServer(options: ShareServerOptions): Promise<ShareServer> {
  const requests: string[] = []
  const queries: string[] = []
  const sent = { bytes: 0, requests: 0, refused: 0 }
  const said = options.readsSqlHints ? { 'spillway-sql-hints': '1' } : {}
  const lines = (response: ServerResponse, actions: readonly unknown[]) =>
    writeLines(response, actions, said)
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const data = /^\/data\/(\d+)$/.exec(url.pathname)
    if (data !== null) return serveData(Number(data[1]), url, request, response)
    const body = await bodyOf(request)
    if (!url.pathname.includes('/tables/')) requests.push(`${request.method} ${url.pathname}`)
    if (url.pathname === '/shares') return json(response, { items: [{ name: 'share' }] })
    if (url.pathname === '/shares/share/all-tables') {
      const names = options.tables ?? ['t']
      const start = Number(url.searchParams.get('pageToken') ?? 0)
      const end = start + (options.pageSize ?? names.length)
      return json(response, {
        items: names.slice(start, end).map(name => ({ name, schema: 'main', share: 'share' })),
        ...(end < names.length && { nextPageToken: String(end) }),
      })
    }
    // As the protocol has it, names differ in more than case.
    const asked = decodeURIComponent(/\/tables\/([^/]+)\//.exec(url.pathname)?.[1] ?? '')
    const isTable = (name: string) => name.toLowerCase() === asked.toLowerCase()
    requests.push(`${request.method} ${url.pathname}`)
    if (!(options.tables ?? ['t']).some(isTable)) {
      response.statusCode = 404
      return json(response, { errorCode: 'RESOURCE_DOES_NOT_EXIST', message: `no ${asked}` })
    }
    if (await options.onTable?.(asked, response)) return
    if (options.metadataError !== undefined && url.pathname.endsWith('/metadata')) {
      const { status, ...error } = options.metadataError
      response.statusCode = status
      return json(response, error)
    }
    if (url.pathname.endsWith('/metadata')) return lines(response, header())
    queries.push(body)
    if (options.onQuery?.(body, response)) return
    const count = body.includes('limitHint') ? options.filesForLimit : undefined
    const files = options.files.slice(0, count).map((_, i) => fileLine(i))
    lines(response, [...header(), ...files])
  }
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const header = () => [
    { protocol: { minReaderVersion: 1 } },
    {
      metaData: {
        id: 'a',
        format: { provider: 'parquet' },
        schemaString: options.schemaString,
        partitionColumns: options.partitionColumns ?? [],
        numFiles: options.files.length,
      },
    },
  ]
  function fileLine(file: number) {
    const { bytes, partitionValues = {}, stats, statedSize } = options.files[file]!
    const expires = options.urlLifeMs === undefined ? undefined : Date.now() + options.urlLifeMs
    return {
      file: {
        url: `${origin()}/data/${file}?expires=${expires ?? ''}`,
        id: `id-${file}`,
        partitionValues,
        size: statedSize ?? bytes.length,
        ...(stats !== undefined && { stats }),
        ...(expires !== undefined && { expirationTimestamp: expires }),
      },
    }
  }
  async function serveData(
    file: number,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const count = sent.requests++
    const expires = url.searchParams.get('expires')
    if (expires && Number(expires) < Date.now()) {
      sent.refused++
      return void response.writeHead(403).end('<Error>Request has expired</Error>')
    }
    if (await options.onData?.({ file, request, response, count })) return
    const { bytes } = options.files[file]!
    const { tagOf = (position: number) => `"${position}"`, heedsConditions = true } = options
    const tag = tagOf(file)
    const wanted = request.headers['if-match']
    if (heedsConditions && wanted !== undefined && wanted !== tag) {
      return void response.writeHead(412).end()
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const start = range === null ? 0 : Number(range[1])
    const end = range === null ? bytes.length : Math.min(bytes.length, Number(range[2]) + 1)
    if (start >= bytes.length) return void response.writeHead(416).end()
    sent.bytes += end - start
    response.writeHead(range === null ? 200 : 206, {
      'content-length': end - start,
      ...(tag !== undefined && { etag: tag }),
      ...(range !== null && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    })
    response.end(bytes.subarray(start, end))
  }
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    connections: () => connections,
    profile: parseProfile(profileText({ endpoint: origin(), bearerToken: 'token' })),
    requests,
    queries,
    sent,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function json(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}

function writeLines(
  response: ServerResponse,
  actions: readonly unknown[],
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(200, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'delta-table-version': '3',
    'delta-sharing-capabilities': 'responseformat=parquet',
    ...headers,
  })
  response.end(actions.map(action => `${JSON.stringify(action)}\n`).join(''))
}
