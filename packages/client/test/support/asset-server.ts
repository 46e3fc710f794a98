import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StoredFile {
  readonly bytes: Uint8Array
  /** Its SHA-256, as it was when it was put there. */
  readonly digest: string
  /** With quotes; null where the store has none. */
  readonly etag: string | null
}

/** A request for bytes, before it is answered as it should be. */
export interface BytesAsked {
  readonly path: string
  readonly file: StoredFile | undefined
  /** The range that was asked for; all of the file where none was. */
  readonly start: number
  readonly end: number
  /** Of this path, from 1. */
  readonly count: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export interface AssetServerOptions {
  readonly files: Readonly<Record<string, string | Uint8Array>>
  /** Of version 2 of the model. */
  readonly older?: Readonly<Record<string, string | Uint8Array>>
  /** True where it answered instead. */
  readonly fault?: (asked: BytesAsked) => boolean | undefined
  readonly digests?: boolean
  readonly etags?: boolean
  /** Items of a page of files. */
  readonly pageSize?: number
  /** Makes another answer of what would be said of an API path. */
  readonly answer?: (path: string, body: unknown) => unknown
  readonly urlSeconds?: number
  readonly takesMismatches?: boolean
}

export const DOCS = '/shares/lake/schemas/kb/volumes/docs'
export const CHURN = '/shares/lake/schemas/kb/models/churn'

/** Below which the files of version 2 are kept. */
const OLDER = '@2/'

/** A provider of one volume (`lake.kb.docs`) and one model (`lake.kb.churn`) of the same files, over a real socket. */
export class AssetServer {
  readonly files = new Map<string, StoredFile>()
  readonly options: AssetServerOptions
  fault: AssetServerOptions['fault']
  /** API requests, `GET /shares/…`. */
  readonly asked: string[] = []
  /** Requests for bytes. */
  readonly fetched: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
  /** What was said of files that are others than they should be. */
  readonly mismatches: unknown[] = []
  /** Bytes of files that were handed to sockets. */
  sent = 0
  #signed = 0
  readonly #counts = new Map<string, number>()
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(error => {
      response.writeHead(500).end(String(error))
    })
  })

  constructor(options: AssetServerOptions) {
    this.options = options
    this.fault = options.fault
    for (const [path, bytes] of Object.entries(options.files)) this.put(path, bytes)
    for (const [path, bytes] of Object.entries(options.older ?? {})) this.put(OLDER + path, bytes)
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  put(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const digest = sha256(bytes)
    const etag = this.options.etags === false ? null : `"${digest.slice(0, 16)}"`
    this.files.set(path, { bytes, etag, digest })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get profile() {
    return { shareCredentialsVersion: 1, endpoint: this.url, bearerToken: 'a-token' } as const
  }

  get snapshotId(): string {
    const entries = [...this.files].map(([path, { etag, bytes }]) => [path, etag, bytes.length])
    return sha256(Buffer.from(JSON.stringify(entries))).slice(0, 32)
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.closeAllConnections()
      this.#server.close(() => resolve())
    })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += chunk
    const url = new URL(request.url!, this.url)
    if (url.pathname.startsWith('/blob/')) return this.#blob(url, request, response)
    this.asked.push(`${request.method} ${request.url}`)
    if (request.headers.authorization !== 'Bearer a-token') {
      response.writeHead(401).end('{"errorCode":"UNAUTHENTICATED","message":"no token"}')
      return
    }
    const [status, answer] = this.#api(url, body)
    const other = await this.options.answer?.(`${request.method} ${url.pathname}`, answer)
    const told = other ?? answer
    response
      .writeHead(told === answer ? status : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(told))
  }

  #api(url: URL, body: string): readonly [number, unknown] {
    const path = decodeURIComponent(url.pathname)
    const named = { share: 'lake', schema: 'kb', storageLocation: 'opensharing://x/' }
    const version = { ...named, modelName: 'churn', version: 3, status: 'READY', aliases: ['best'] }
    if (path === DOCS) return [200, { ...named, name: 'docs' }]
    if (path === CHURN) return [200, { ...named, name: 'churn' }]
    if (path === `${CHURN}/versions`) return [200, { items: [{ ...version, version: 2 }, version] }]
    if ([`${CHURN}/versions/3`, `${CHURN}/aliases/best`].includes(path)) return [200, version]
    if (path === `${CHURN}/versions/2`) return [200, { ...version, version: 2, aliases: [] }]
    if (path.endsWith('/file-mismatches') && this.options.takesMismatches !== false) {
      this.mismatches.push({ at: path, ...JSON.parse(body) })
      return [202, {}]
    }
    const [, folder, asked] = /\/(docs|versions\/[23])\/(files|file-urls)$/.exec(path) ?? []
    const below = folder === 'versions/2' ? OLDER : ''
    if (asked === 'files') return this.#list(url, below)
    if (asked === 'file-urls') return this.#sign(JSON.parse(body), below)
    return [404, { errorCode: 'RESOURCE_DOES_NOT_EXIST', message: 'not there' }]
  }

  #described(path: string, below: string) {
    const { bytes, etag, digest } = this.files.get(below + path)!
    const stated = this.options.digests === false ? {} : { sha256: digest }
    return { path, size: bytes.length, lastModified: 1, ...(etag && { etag }), ...stated }
  }

  #list(url: URL, below: string): readonly [number, unknown] {
    const token = url.searchParams.get('pageToken')
    const [snapshot, from] = token === null ? [this.snapshotId, '0'] : token.split(' ')
    if (snapshot !== this.snapshotId) {
      return [409, { errorCode: 'CONFLICT', message: 'the files have changed' }]
    }
    const prefix = url.searchParams.get('prefix') ?? ''
    const all = [...this.files.keys()].filter(
      path => path.startsWith(below) && path.startsWith(OLDER) === (below === OLDER),
    )
    const paths = all.map(path => path.slice(below.length)).filter(path => path.startsWith(prefix))
    const size = Number(url.searchParams.get('maxResults') ?? this.options.pageSize ?? 1000)
    const to = Number(from) + size
    return [
      200,
      {
        items: paths.slice(Number(from), to).map(path => this.#described(path, below)),
        snapshotId: snapshot,
        ...(to < paths.length && { nextPageToken: `${snapshot} ${to}` }),
      },
    ]
  }

  #sign(
    { paths }: { readonly paths: readonly string[] },
    below: string,
  ): readonly [number, unknown] {
    const missing = paths.find(path => !this.files.has(below + path))
    if (missing !== undefined) return [404, { message: `there is no file ${missing} any more` }]
    const items = paths.map(path => ({
      ...this.#described(path, below),
      url: `${this.url}/blob/${encodeURIComponent(below + path)}?signature=s3cret-${++this.#signed}`,
      expirationTimestamp: Date.now() + 1000 * (this.options.urlSeconds ?? 3600),
    }))
    return [200, { items }]
  }

  #blob(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(url.pathname.slice('/blob/'.length))
    this.fetched.push({ path, headers: request.headers })
    const count = (this.#counts.get(path) ?? 0) + 1
    this.#counts.set(path, count)
    const file = this.files.get(path)
    const size = file?.bytes.length ?? 0
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const start = Number(first ?? 0)
    const end = last === undefined ? size : Math.min(size, Number(last) + 1)
    if (this.fault?.({ path, file, start, end, count, request, response })) return
    this.#store(path, { start, end, request, response })
  }

  /** As a store answers, of what it has by now. */
  #store(
    path: string,
    { start, end, request, response }: Pick<BytesAsked, 'start' | 'end' | 'request' | 'response'>,
  ): void {
    const file = this.files.get(path)
    const size = file?.bytes.length ?? 0
    const isPart = request.headers.range !== undefined
    if (file === undefined) return void response.writeHead(404).end()
    const match = request.headers['if-match']
    if (match !== undefined && match !== file.etag) return void response.writeHead(412).end()
    if (start >= end && size > 0) return void response.writeHead(416).end()
    response.writeHead(isPart ? 206 : 200, {
      'content-length': end - start,
      ...(file.etag && { etag: file.etag }),
      ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    })
    this.sent += end - start
    response.end(file.bytes.subarray(start, end))
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bytes that differ at every place, the same for the same seed. */
export function noise(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, length)
}
