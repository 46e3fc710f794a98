import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Call, S3Refusal, type TestSession, verify } from './s3-verify.js'

/** A small S3 for tests, which verifies every signature the way the service documents it. */
export interface TestS3Server {
  readonly endpoint: string
  /** Raw `bucket/key` to bytes. */
  readonly objects: Map<string, StoredObject>
  /** Requests seen: `GET bucket/key`, or `LIST bucket/prefix`. */
  readonly requests: string[]
  /** Answers to give instead of the next requests, first in first out. */
  readonly faults: Fault[]
  readonly unfinishedUploads: () => number
  close(): Promise<void>
}

export interface StoredObject {
  readonly bytes: Buffer
  readonly etag: string
  readonly modified: Date
  /** Of SHA-256, as the service keeps it: told to who asks. */
  readonly checksum?: { readonly value: string; readonly type?: string }
}

export type Fault =
  | { readonly status: number; readonly code: string; readonly when?: RegExp }
  | { readonly kind: 'hang' | 'cut' | 'reset' | 'ignore-range'; readonly when?: RegExp }

export interface TestS3Options {
  readonly secrets: Readonly<Record<string, string>>
  readonly sessionToken?: string
  /** By access key. */
  readonly sessions?: ReadonlyMap<string, TestSession>
  readonly region?: string
  readonly pageSize?: number
  readonly now?: () => number
}

export async function testS3Server(options: TestS3Options): Promise<TestS3Server> {
  const objects = new Map<string, StoredObject>()
  const uploads = new Map<string, Map<number, Buffer>>()
  const requests: string[] = []
  const faults: Fault[] = []
  const state: State = { options, objects, uploads, requests, faults }
  const server = createServer((request, response) => {
    answer(state, request, response).catch(error => {
      if (!response.headersSent) sendError(response, error)
      else response.destroy()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    requests,
    faults,
    unfinishedUploads: () => uploads.size,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface State {
  readonly options: TestS3Options
  readonly objects: Map<string, StoredObject>
  readonly uploads: Map<string, Map<number, Buffer>>
  readonly requests: string[]
  readonly faults: Fault[]
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const [rawPath = '', rawQuery = ''] = (request.url ?? '').split(/\?(.*)/s)
  const query = parseQuery(rawQuery)
  const path = decodeURIComponent(rawPath)
  const slash = path.indexOf('/', 1)
  const bucket = path.slice(1, slash < 0 ? undefined : slash)
  const key = slash < 0 ? '' : path.slice(slash + 1)
  const method = request.method ?? ''
  const isList = key === '' && query.has('list-type')
  const label = isList
    ? `LIST ${bucket}/${query.get('prefix') ?? ''}`
    : `${method} ${bucket}/${key}`
  state.requests.push(label)
  const body = Buffer.concat(chunks)
  const call: Call = { method, bucket, key, query, headers: request.headers, body }
  const fault = playFault(state, label, response)
  if (fault !== undefined && fault !== 'ignore-range') return
  verify(state.options, call, rawPath)
  if (fault === 'ignore-range') delete call.headers.range
  if (bucket === 'missing') throw new S3Refusal(404, 'NoSuchBucket')
  if (bucket === 'forbidden') throw new S3Refusal(403, 'AccessDenied')
  if (isList) sendXml(response, list(state, call))
  else if (method === 'GET' || method === 'HEAD') read(state, call, response)
  else if (method === 'PUT') put(state, call, response)
  else if (method === 'POST') multipart(state, call, response)
  else if (method === 'DELETE') {
    if (query.has('uploadId')) state.uploads.delete(query.get('uploadId') ?? '')
    else state.objects.delete(`${bucket}/${key}`)
    response.writeHead(204).end()
  } else throw new S3Refusal(405, 'MethodNotAllowed')
}

function parseQuery(raw: string): Map<string, string> {
  const pairs = raw === '' ? [] : raw.split('&')
  return new Map(
    pairs.map(pair => {
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      return [decodeURIComponent(name), decodeURIComponent(value)]
    }),
  )
}

/** Answers with the next fault that is meant for this request; its kind, where there was one. */
function playFault(state: State, label: string, response: ServerResponse): string | undefined {
  const index = state.faults.findIndex(({ when }) => when?.test(label) ?? true)
  if (index < 0) return undefined
  const [fault] = state.faults.splice(index, 1)
  if (fault === undefined) return undefined
  if ('status' in fault) throw new S3Refusal(fault.status, fault.code)
  if (fault.kind === 'reset') response.destroy()
  if (fault.kind === 'cut') {
    response.writeHead(200, { 'Content-Length': '1000' })
    response.write('only this')
    setTimeout(() => response.destroy(), 20)
  }
  return fault.kind
}

function checksumHeaders({ checksum }: StoredObject): Record<string, string> {
  if (checksum === undefined) return {}
  const { value, type } = checksum
  return { 'x-amz-checksum-sha256': value, ...(type && { 'x-amz-checksum-type': type }) }
}

function read({ objects }: State, call: Call, response: ServerResponse): void {
  const found = objects.get(`${call.bucket}/${call.key}`)
  if (found === undefined) throw new S3Refusal(404, 'NoSuchKey')
  const match = call.headers['if-match']
  if (match !== undefined && match !== found.etag) throw new S3Refusal(412, 'PreconditionFailed')
  const headers = {
    ETag: found.etag,
    'Last-Modified': found.modified.toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(call.headers['x-amz-checksum-mode'] === 'ENABLED' && checksumHeaders(found)),
  }
  const total = found.bytes.length
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(call.headers.range ?? '') ?? []
  if (first === undefined || last === undefined || call.method === 'HEAD') {
    response.writeHead(200, { ...headers, 'Content-Length': total })
    response.end(call.method === 'HEAD' ? undefined : found.bytes)
    return
  }
  const start = first === '' ? Math.max(0, total - Number(last)) : Number(first)
  const end = first === '' || last === '' ? total : Math.min(total, Number(last) + 1)
  if (start >= end) throw new S3Refusal(416, 'InvalidRange')
  const part = found.bytes.subarray(start, end)
  const range = `bytes ${start}-${end - 1}/${total}`
  response.writeHead(206, { ...headers, 'Content-Length': part.length, 'Content-Range': range })
  response.end(part)
}

function put(state: State, call: Call, response: ServerResponse): void {
  const upload = state.uploads.get(call.query.get('uploadId') ?? '')
  if (call.query.has('uploadId')) {
    if (upload === undefined) throw new S3Refusal(404, 'NoSuchUpload')
    upload.set(Number(call.query.get('partNumber')), call.body)
    response.writeHead(200, { ETag: '"part"' }).end()
    return
  }
  response.writeHead(200, { ETag: store(state, call, call.body) }).end()
}

function multipart(state: State, call: Call, response: ServerResponse): void {
  if (call.query.has('uploads')) {
    const id = `upload-${state.requests.length}`
    state.uploads.set(id, new Map())
    sendXml(
      response,
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    )
    return
  }
  const id = call.query.get('uploadId') ?? ''
  const parts = [...(state.uploads.get(id) ?? [])].sort(([a], [b]) => a - b)
  const etag = store(state, call, Buffer.concat(parts.map(([, bytes]) => bytes)))
  state.uploads.delete(id)
  sendXml(
    response,
    `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`,
  )
}

function store({ objects, options }: State, call: Call, bytes: Buffer): string {
  const name = `${call.bucket}/${call.key}`
  if (call.headers['if-none-match'] === '*' && objects.has(name)) {
    throw new S3Refusal(412, 'PreconditionFailed')
  }
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
  objects.set(name, { bytes, etag, modified: new Date((options.now ?? Date.now)()) })
  return etag
}

/** ListObjectsV2. Continuation tokens are the last key of a page. */
function list({ objects, options }: State, { bucket, query }: Call): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const keys = [...objects.keys()]
    .filter(name => name.startsWith(`${bucket}/${prefix}`))
    .map(name => name.slice(bucket.length + 1))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const seen = new Set<string>()
  const items: string[] = []
  let last = ''
  let truncated = false
  for (const key of keys) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const folder = cut < 0 ? undefined : key.slice(0, cut + 1)
    const item = folder ?? key
    if (Buffer.compare(Buffer.from(item), Buffer.from(after)) <= 0 || seen.has(item)) continue
    if (items.length >= (options.pageSize ?? 1000)) {
      truncated = true
      break
    }
    seen.add(item)
    last = item
    items.push(
      folder === undefined ? contents(objects.get(`${bucket}/${key}`), key) : common(folder),
    )
  }
  const token = truncated ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : ''
  return `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${token}${items.join('')}</ListBucketResult>`
}

function contents(object: StoredObject | undefined, key: string): string {
  const modified = `<LastModified>${object?.modified.toISOString()}</LastModified>`
  const size = `<Size>${object?.bytes.length}</Size><ETag>${escapeXml(object?.etag ?? '')}</ETag>`
  const checksum =
    object?.checksum === undefined
      ? ''
      : `<ChecksumAlgorithm>SHA256</ChecksumAlgorithm>${object.checksum.type === undefined ? '' : `<ChecksumType>${object.checksum.type}</ChecksumType>`}`
  return `<Contents><Key>${escapeXml(key)}</Key>${modified}${size}${checksum}</Contents>`
}

function common(folder: string): string {
  return `<CommonPrefixes><Prefix>${escapeXml(folder)}</Prefix></CommonPrefixes>`
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
}

function sendXml(response: ServerResponse, xml: string): void {
  response.writeHead(200, { 'Content-Type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`)
}

function sendError(response: ServerResponse, error: unknown): void {
  const { status, code } =
    error instanceof S3Refusal ? error : { status: 500, code: 'InternalError' }
  response.writeHead(status, { 'Content-Type': 'application/xml' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  )
}
