import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A file as a hub tells of it, and where its bytes are. */
export interface HubFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
  readonly url: string
}

export const REPOSITORY = 'lake/model'
const COMMIT = 'c'.repeat(40)

/**
 * As much of Hugging Face's hub as its client asks for: what a repository holds, and for each file a redirect to signed storage, with
 * its size and digest beside it, as of files that the hub keeps in LFS.
 */
export async function hubEndpoint(
  files: readonly HubFile[],
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => answer(files, request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, close: () => void server.close() }
}

function answer(
  files: readonly HubFile[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(request.url ?? '', 'http://hub')
  if (pathname.startsWith(`/api/models/${REPOSITORY}`)) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(described(files, pathname)))
    return
  }
  const name = decodeURIComponent(/^\/lake\/model\/resolve\/[^/]+\/(.+)$/.exec(pathname)?.[1] ?? '')
  const file = files.find(({ path }) => path === name)
  if (file === undefined) {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    return
  }
  const headers = {
    'x-repo-commit': COMMIT,
    'x-linked-size': file.size,
    'x-linked-etag': `"${file.sha256}"`,
    location: file.url,
    'content-length': 0,
  }
  response.writeHead(302, headers).end()
}

function described(files: readonly HubFile[], pathname: string): unknown {
  if (pathname.includes('/tree/')) {
    return files.map(({ path, size, sha256 }) => ({
      ...{ type: 'file', path, size, oid: sha256.slice(0, 40) },
      lfs: { oid: sha256, size, pointerSize: 134 },
    }))
  }
  const siblings = files.map(({ path }) => ({ rfilename: path }))
  return { id: REPOSITORY, modelId: REPOSITORY, sha: COMMIT, private: false, tags: [], siblings }
}
