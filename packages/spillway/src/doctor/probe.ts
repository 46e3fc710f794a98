import { randomBytes } from 'node:crypto'
import type { SkillFolders } from '@spillway/assets/node'
import {
  type AnswerFile,
  createSharingClient,
  type SharingClient,
  type TableName,
} from '@spillway/client'
import { type ErrorCode, isTableError, TableError } from '@spillway/core'
import { checkedEndpoint, tokenHash } from '@spillway/server'
import type { ServeConfig } from '../configuration/config.js'
import { createRuntime } from '../serve/runtime.js'
import type { Composition } from '../tables/compose.js'

/** Asks the server as a recipient does. */
export interface Probe {
  /** Fetches one byte of the table's first file, and says from which host. Throws where nobody would get it. */
  byteOf(name: TableName, signal: AbortSignal): Promise<string>
  /** Fetches one byte of the file at a signed URL, and says from which host. */
  byteAt(url: string, signal: AbortSignal): Promise<string>
  /** Asks the server of this process, with the recipient's own token. */
  readonly client: SharingClient
  /** What the server told of while it was asked, and recipients are not told. */
  readonly told: readonly TableError[]
  /** What the server reads with. */
  readonly spillway: Composition
  /** Finds skills as the server does. */
  readonly skills: SkillFolders
  close(): Promise<void>
}

/** A file that has to be written anew first may be large; a store that says nothing for as long is not there. */
const PATIENCE_MS = 60_000

const ASKED_AT_ONCE = { requestsPerRecipient: 1000, downloadsPerRecipient: 1000 }

/** Nothing listens there: what is asked goes to the server's own handler. */
const ENDPOINT = 'http://spillway-doctor.invalid/delta-sharing'

/**
 * A server of the configuration, made as `serve` makes it so that what it would refuse is refused here, and one recipient
 * more: everything is granted to them, and nobody else knows their token.
 */
export function openProbe(config: ServeConfig): Probe {
  const bearerToken = randomBytes(32).toString('hex')
  const own = {
    name: `doctor-${randomBytes(8).toString('hex')}`,
    shares: ['*'],
    tokens: [{ sha256: tokenHash(bearerToken).toString('hex') }],
  }
  const recipients = [...(config.shares.recipients ?? []), own]
  // What everybody may take at once is no fault of a table: its check asks for several.
  const limits = { ...config.server.limits, ...ASKED_AT_ONCE }
  const told: TableError[] = []
  const runtime = createRuntime(
    { ...config, server: { ...config.server, limits }, shares: { ...config.shares, recipients } },
    {
      endpoint: checkedEndpoint(ENDPOINT),
      secrets: [randomBytes(32).toString('base64')],
      isProbe: true,
      onError: error => {
        if (isTableError(error)) told.push(error)
      },
    },
  )
  const { host } = new URL(ENDPOINT)
  // Files of this machine are the server's own to give, others are fetched where their URLs point.
  const get: typeof fetch = (input, init) => {
    const request = new Request(input, init)
    return new URL(request.url).host === host ? runtime.fetch(request) : fetch(request)
  }
  const profile = { shareCredentialsVersion: 1, endpoint: ENDPOINT, bearerToken } as const
  const client = createSharingClient(profile, { fetch: get, retry: { retries: 0 } })
  const byteAt = async (url: string, signal: AbortSignal) => {
    const from = new URL(url).host
    const place = from === host ? 'this machine, through the server' : from
    await fetchByte(get, { url, place, signal })
    return `a recipient reads it from ${place}`
  }
  return {
    spillway: runtime.spillway,
    skills: runtime.skills,
    told,
    client,
    byteAt,
    async byteOf(name, given) {
      const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)])
      const file = await firstFile(client, name, signal).catch(error => {
        throw withoutServer(error)
      })
      return file === undefined ? 'a recipient finds no file to read' : byteAt(file.url, signal)
    },
    close: () => runtime.close(),
  }
}

async function firstFile(
  client: SharingClient,
  name: TableName,
  signal: AbortSignal,
): Promise<AnswerFile | undefined> {
  const answer = await client.query(name, { maxFiles: 1, signal })
  for await (const file of answer.files()) return file
  return undefined
}

/** A refusal of the probe without what is about a server that nobody started: its address, and that it answered. */
export function withoutServer(error: unknown): unknown {
  if (!isTableError(error)) return error
  const { url: _, status: __, errorCode: ___, ...context } = error.context
  const message = error.message
    .replace(/^the server answered \d+: /, '')
    // Who reads this is the provider, and no log has it.
    .replace(/; the provider finds it under request id [\w-]+$/, '')
  return new TableError(error.code, message, { context, cause: error.cause })
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
    CODES[status] ?? 'STORAGE_UNAVAILABLE',
    `expected 206 for the first byte of a file from ${place}, where recipients read it, found ${status}${code === undefined ? '' : ` (${code})`}${HINTS[status] ?? ''}`,
    { context: { status } },
  )
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
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
