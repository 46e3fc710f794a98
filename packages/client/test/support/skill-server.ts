import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from './asset-server.js'

type Files = Readonly<Record<string, string>>

export interface SkillServerOptions {
  readonly digests?: boolean
  /** The name that the server says a skill has, whatever was asked for. */
  readonly namedAs?: string
  /** Other bytes than those that the listing is of. */
  readonly bytesOf?: (path: string, text: string) => string
}

/** A provider of skills of the schema `lake.kb`, each of any files and name, over a real socket. */
export class SkillServer {
  readonly skills = new Map<string, Files>()
  options: SkillServerOptions
  /** Paths of files that were fetched. */
  readonly fetched: string[] = []
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(error => response.writeHead(500).end(String(error)))
  })

  constructor(skills: Readonly<Record<string, Files>>, options: SkillServerOptions = {}) {
    this.options = options
    for (const [name, files] of Object.entries(skills)) this.skills.set(name, files)
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get profile() {
    return { shareCredentialsVersion: 1, endpoint: this.url, bearerToken: 'a-token' } as const
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
    const [, , , , , , encoded, route] = url.pathname.split('/')
    const name = decodeURIComponent(encoded ?? '')
    const files = this.skills.get(name)
    if (url.pathname.startsWith('/blob/')) {
      const { skill, path } = Object.fromEntries(url.searchParams)
      this.fetched.push(path!)
      const text = this.skills.get(skill!)?.[path!] ?? ''
      const bytes = Buffer.from(this.options.bytesOf?.(path!, text) ?? text)
      if (this.skills.get(skill!)?.[path!] === undefined) return void response.writeHead(404).end()
      const etag = etagOf(Buffer.from(text))
      response.writeHead(200, { 'content-length': bytes.length, etag }).end(bytes)
      return
    }
    if (!url.pathname.includes('/skills/') || files === undefined) {
      response.writeHead(404).end('{"errorCode":"NOT_FOUND","message":"not there"}')
      return
    }
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(this.#api(name, { files, route, body })))
  }

  #api(
    name: string,
    {
      files,
      route,
      body,
    }: { readonly files: Files; readonly route: string | undefined; readonly body: string },
  ): unknown {
    if (route === 'files') {
      const items = Object.keys(files).map(path => this.#described(files, path))
      return { items, snapshotId: sha256(Buffer.from(JSON.stringify(items))) }
    }
    if (route === 'file-urls') {
      const { paths } = JSON.parse(body) as { readonly paths: readonly string[] }
      const items = paths.map(path => ({
        ...this.#described(files, path),
        url: `${this.url}/blob/?${new URLSearchParams({ skill: name, path })}`,
        expirationTimestamp: Date.now() + 3600_000,
      }))
      return { items }
    }
    const named = { share: 'lake', schema: 'kb', name: this.options.namedAs ?? name }
    return { ...named, description: 'told', storageLocation: 'opensharing://x/' }
  }

  #described(files: Files, path: string) {
    const bytes = Buffer.from(files[path]!)
    const digest = this.options.digests === false ? {} : { sha256: sha256(bytes) }
    return { path, size: bytes.length, etag: etagOf(bytes), ...digest }
  }
}

function etagOf(bytes: Uint8Array): string {
  return `"${sha256(bytes).slice(0, 16)}"`
}
