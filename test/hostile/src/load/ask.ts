import { Agent, type IncomingMessage, request } from 'node:http'

export interface Asked {
  readonly status: number
  /** Until the head of the answer was there. */
  readonly firstMs: number
  readonly ms: number
  readonly bytes: number
  /** The body, where it was to be kept. */
  readonly body: Buffer
}

export interface Question {
  readonly endpoint: string
  /** None for URLs that are signed. */
  readonly token?: string
  readonly path: string
  /** A query's body; without one it is a GET. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
  /** Whether the body is kept as text; it is counted alone otherwise. */
  readonly keep?: boolean
  readonly signal?: AbortSignal
}

/** Connections that are used again, so that what is measured is the server and not the handshake. */
export function keptConnections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
}

/** One request, its answer read to the end. Rejects where the answer breaks off. */
export function ask(question: Question): Promise<Asked> {
  const start = performance.now()
  const { endpoint, path, token, body, headers, agent, signal } = question
  const post = request(`${endpoint}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    // A connection that is kept for nobody would look like one that the server has left open.
    agent: agent ?? false,
    ...(signal && { signal }),
  })
  return new Promise((resolve, reject) => {
    post.once('error', reject)
    post.once('response', (response: IncomingMessage) => {
      const firstMs = performance.now() - start
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (question.keep === true) chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          firstMs,
          ms: performance.now() - start,
          bytes,
          body: Buffer.concat(chunks),
        }),
      )
    })
    post.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Percentiles of latencies, in whole milliseconds. */
export interface Latencies {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function latenciesOf(milliseconds: readonly number[]): Latencies {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
