import { randomBytes } from 'node:crypto'
import { createSharingClient, type TableName } from '@spillway/client'
import { TableError } from '@spillway/core'
import { tokenHash } from '@spillway/server'
import type { ServeConfig } from '../serve/config.js'

/** Asks the server as a recipient does. */
export interface Probe {
  /** Fetches one byte of the table's first file, and says from which host. Throws where nobody would get it. */
  byteOf(name: TableName, signal: AbortSignal): Promise<string>
}

interface Answering {
  fetch(request: Request): Promise<Response>
}

/** A file that has to be written anew first may be large; a store that says nothing for as long is not there. */
const PATIENCE_MS = 60_000

/** The configuration with one recipient more, to whom everything is granted and whose token nobody else knows. */
export function probingRecipient(config: ServeConfig): {
  readonly config: ServeConfig
  at(endpoint: string, server: Answering): Probe
} {
  const bearerToken = randomBytes(32).toString('hex')
  const own = {
    name: `doctor-${randomBytes(8).toString('hex')}`,
    shares: ['*'],
    tokens: [{ sha256: tokenHash(bearerToken).toString('hex') }],
  }
  const recipients = [...(config.shares.recipients ?? []), own]
  return {
    config: { ...config, shares: { ...config.shares, recipients } },
    at: (endpoint, server) => probeOf({ endpoint, bearerToken }, server),
  }
}

function probeOf(
  { endpoint, bearerToken }: { readonly endpoint: string; readonly bearerToken: string },
  server: Answering,
): Probe {
  const { host } = new URL(endpoint)
  // Files of this machine are the server's own to give, others are fetched where their URLs point.
  const get: typeof fetch = (input, init) => {
    const request = new Request(input, init)
    return new URL(request.url).host === host ? server.fetch(request) : fetch(request)
  }
  const profile = { shareCredentialsVersion: 1, endpoint, bearerToken } as const
  const client = createSharingClient(profile, { fetch: get, retry: { retries: 0 } })
  return {
    async byteOf(name, given) {
      const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)])
      const answer = await client.query(name, { maxFiles: 1, signal })
      for await (const { url } of answer.files()) {
        const from = new URL(url).host
        const place = from === host ? 'this machine, through the server' : from
        await fetchByte(get, { url, place, signal })
        return `a recipient reads it from ${place}`
      }
      return 'a recipient finds no file to read'
    },
  }
}

/** The URL is a secret: errors name its host alone. */
async function fetchByte(
  get: typeof fetch,
  {
    url,
    place,
    signal,
  }: { readonly url: string; readonly place: string; readonly signal: AbortSignal },
): Promise<void> {
  const headers = { range: 'bytes=0-0' }
  const found = await get(url, { headers, signal, redirect: 'manual' }).catch(cause => {
    throw new TableError(
      'STORAGE_UNAVAILABLE',
      `no answer from ${place}, where recipients read it`,
      {
        cause,
        context: { reason: reasonOf(cause) },
      },
    )
  })
  const { status } = found
  if (status === 206 || status === 200) {
    await found.body?.cancel()
    return
  }
  const said = /<Code>(\w{1,64})<\/Code>|"errorCode":"(\w{1,64})"/.exec(await found.text())
  const code = said?.[1] ?? said?.[2]
  throw new TableError(
    'STORAGE_UNAVAILABLE',
    `expected 206 for the first byte of a file from ${place}, where recipients read it, found ${status}${code === undefined ? '' : ` (${code})`}${HINTS[status] ?? ''}`,
    { context: { status } },
  )
}

const HINTS: Readonly<Record<number, string>> = {
  301: ': the bucket is in another region than the configuration says',
  400: ': the bucket may be in another region, or ask for another signature',
  403: ': whoever signs may list and not read the files, or the clock of this machine is wrong',
  404: ': the table names a file that is not there',
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (inner instanceof Error && 'code' in inner) return String(inner.code)
  return inner instanceof Error ? inner.name : 'unknown'
}
