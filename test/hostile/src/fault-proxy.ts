import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the store does instead of answering: to one request, or from one request on to all about the same thing. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'reset' | 'cut' | 'short' | 'empty' | 'html' | 'slow' }
  /** Bytes, ETag and length of another object of the same bucket. */
  | { readonly kind: 'other object' }
  /** The object was written anew: its bytes in another order, under another ETag. */
  | { readonly kind: 'replaced' }
  /** A listing that lacks the last objects, or one of those between. */
  | { readonly kind: 'stale listing'; readonly drop: 'last' | 'middle' }
  /** A listing that says that it goes on, and does not say where, or says the same again and again. */
  | { readonly kind: 'token'; readonly token: 'none' | 'empty' | 'same' }

export interface FaultProxy {
  readonly endpoint: string
  /** Requests of this run: `GET /bucket/key`, or `LIST prefix`. */
  readonly requests: string[]
  /** How often the fault was played in this run. */
  played(): number
  /** Starts a run: requests are counted anew, and the `at`-th (from 0) fails. */
  start(plan?: { readonly at: number; readonly fault: Fault; readonly sticky: boolean }): void
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** In front of an S3 service: what is asked goes there as it came, signatures and all, and one answer comes back otherwise. */
export async function faultProxy(upstream: string): Promise<FaultProxy> {
  const requests: string[] = []
  let plan: { at: number; fault: Fault; sticky: boolean } | undefined
  let target: string | undefined
  let played = 0
  const seen: { readonly label: string; readonly answer: Answer }[] = []
  const server = createServer((request, response) => {
    const label = labelOf(request)
    const index = requests.push(label) - 1
    if (plan?.at === index) target = label
    const fault = plan?.at === index || (plan?.sticky && label === target) ? plan?.fault : undefined
    if (fault !== undefined && fits(fault, label)) {
      played++
      const other = [...seen].reverse().find(each => each.label !== label)?.answer
      play({ fault, other, upstream, request, response }).catch(() => response.destroy())
    } else {
      forward(upstream, request).then(
        answer => {
          if (label.startsWith('GET')) seen.push({ label, answer })
          reply(response, answer)
        },
        () => response.destroy(),
      )
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    played: () => played,
    start(next) {
      requests.length = 0
      seen.length = 0
      played = 0
      target = undefined
      plan = next
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function labelOf({ method, url = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(url, 'http://proxy')
  return searchParams.has('list-type')
    ? `LIST ${searchParams.get('prefix') ?? ''}`
    : `${method} ${pathname}`
}

/** Whether a request, as `FaultProxy.requests` has it, can be answered with that fault. */
export function fits(fault: Fault, label: string): boolean {
  const listing = label.startsWith('LIST')
  if (fault.kind === 'stale listing' || fault.kind === 'token') return listing
  if (fault.kind === 'other object' || fault.kind === 'replaced') {
    return label.startsWith('GET')
  }
  return true
}

interface Playing {
  readonly fault: Fault
  /** What the last request about another object was answered. */
  readonly other: Answer | undefined
  readonly upstream: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function play({ fault, other, upstream, request, response }: Playing): Promise<void> {
  if (fault.kind === 'status') {
    request.resume()
    const body = Buffer.from(`<Error><Code>${fault.code}</Code></Error>`)
    return reply(response, { status: fault.status, headers: XML, body })
  }
  if (fault.kind === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  const whole = await forward(upstream, request)
  const { status, headers, body } = whole
  switch (fault.kind) {
    case 'slow':
      await new Promise(resolve => setTimeout(resolve, 150))
      return reply(response, whole)
    case 'cut':
      response.writeHead(status, headers)
      response.write(body.subarray(0, body.length >> 1))
      setTimeout(() => response.destroy(), 10)
      return
    case 'short': {
      const part = body.subarray(0, Math.max(0, body.length - 7))
      return reply(response, { status, headers: sized(headers, part), body: part })
    }
    case 'empty':
      return reply(response, { status: 200, headers: sized(headers, ''), body: Buffer.alloc(0) })
    case 'html': {
      const page = Buffer.from('<html><body>Sign in to continue</body></html>')
      const type = { 'content-type': 'text/html' }
      return reply(response, { status: 200, headers: { ...sized({}, page), ...type }, body: page })
    }
    case 'replaced': {
      // Blocks in another order: as long as it was, and another object.
      const half = body.length >> 1
      const anew = Buffer.concat([body.subarray(half), body.subarray(0, half)])
      return reply(response, { status, headers: { ...headers, etag: '"replaced"' }, body: anew })
    }
    case 'other object':
      return reply(response, other ?? whole)
    case 'stale listing':
      return reply(response, listing(whole, stale(body.toString(), fault.drop)))
    case 'token':
      return reply(response, listing(whole, truncated(body.toString(), fault.token)))
  }
}

const XML = { 'content-type': 'application/xml' }

function sized(headers: IncomingMessage['headers'], body: Uint8Array | string) {
  return { ...headers, 'content-length': String(body.length) }
}

function listing({ status, headers }: Answer, xml: string): Answer {
  const body = Buffer.from(xml)
  return { status, headers: sized(headers, body), body }
}

const CONTENTS = /<(Contents|CommonPrefixes)>.*?<\/\1>/gs

function stale(xml: string, drop: 'last' | 'middle'): string {
  const items = xml.match(CONTENTS) ?? []
  const at = drop === 'last' ? items.length - 1 : items.length >> 1
  return items[at] === undefined ? xml : xml.replace(items[at], '')
}

function truncated(xml: string, token: 'none' | 'empty' | 'same'): string {
  const said = {
    none: '',
    empty: '<NextContinuationToken></NextContinuationToken>',
    same: '<NextContinuationToken>the same again</NextContinuationToken>',
  }[token]
  return xml
    .replace(/<NextContinuationToken>.*?<\/NextContinuationToken>/s, '')
    .replace(/<IsTruncated>\w+<\/IsTruncated>/, `<IsTruncated>true</IsTruncated>${said}`)
}

function forward(upstream: string, request: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(upstream)
    const { method, url: path, headers } = request
    const onward = send({ hostname, port, method, path, headers, setHost: false }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', chunk => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 500,
          headers: answer.headers,
          body: Buffer.concat(chunks),
        })
      })
    })
    onward.on('error', reject)
    request.pipe(onward)
  })
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _, ...rest } = headers
  response.writeHead(status, rest)
  response.end(body)
}
