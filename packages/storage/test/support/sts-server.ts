import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PolicyStatement, SessionPolicy } from '../../src/s3/session-policy.js'
import { type Call, S3Refusal, type TestSession, verify } from './s3-verify.js'

/** An STS that verifies who asks, answers with keys, and remembers what was asked. */
export interface TestStsServer {
  readonly endpoint: string
  readonly requests: URLSearchParams[]
  /** Error codes to answer the next requests with. */
  readonly errors: { readonly status: number; readonly code: string }[]
  /** Of every request that was answered with keys: give them to an S3 server, and it honours them. */
  readonly sessions: Map<string, TestSession>
  close(): Promise<void>
}

/** The one account that it knows. */
const SECRETS = { key: 'secret' }

export async function testStsServer(region = 'eu-west-1'): Promise<TestStsServer> {
  const requests: URLSearchParams[] = []
  const errors: { status: number; code: string }[] = []
  const sessions = new Map<string, TestSession>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const form = new URLSearchParams(body.toString())
    requests.push(form)
    const error = errors.shift() ?? refusal(request, body, region)
    response.writeHead(error?.status ?? 200, { 'Content-Type': 'text/xml' })
    response.end(
      error === undefined
        ? sessionXml(form, sessions)
        : `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>no</Message></Error></ErrorResponse>`,
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    errors,
    sessions,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function refusal(request: IncomingMessage, body: Buffer, region: string): S3Refusal | undefined {
  const { method = '', headers, url = '/' } = request
  const call: Call = { method, bucket: '', key: '', query: new Map(), headers, body }
  try {
    verify({ secrets: SECRETS, region }, call, url)
    return undefined
  } catch (error) {
    if (error instanceof S3Refusal) return error
    throw error
  }
}

function sessionXml(form: URLSearchParams, sessions: Map<string, TestSession>): string {
  const action = form.get('Action') ?? ''
  const end = new Date(Date.now() + Number(form.get('DurationSeconds')) * 1000).toISOString()
  const id = `ASIA${sessions.size + 1}`
  const policy = JSON.parse(form.get('Policy') ?? '{"Statement":[]}') as SessionPolicy
  const session = {
    secret: randomUUID(),
    token: randomUUID(),
    allows: (call: Call) => policy.Statement.some(statement => allows(statement, call)),
  }
  sessions.set(id, session)
  const keys = `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${session.secret}</SecretAccessKey><SessionToken>${session.token}</SessionToken><Expiration>${end}</Expiration>`
  return `<${action}Response><${action}Result><Credentials>${keys}</Credentials></${action}Result></${action}Response>`
}

/** As IAM evaluates the two statements that a session of ours may have. */
function allows({ Action, Resource, Condition }: PolicyStatement, call: Call): boolean {
  const bucket = `arn:aws:s3:::${call.bucket}`
  const listing = call.key === ''
  const action = listing ? 's3:ListBucket' : 's3:GetObject'
  if (Action !== action || (call.method !== 'GET' && call.method !== 'HEAD')) return false
  if (!matchesPattern(Resource, listing ? bucket : `${bucket}/${call.key}`)) return false
  const prefix = call.query.get('prefix')
  return (
    Condition?.StringLike['s3:prefix'].some(
      pattern => prefix !== undefined && matchesPattern(pattern, prefix),
    ) ?? true
  )
}

/** Whether IAM would match: * and ? are patterns, ${*} and its like are themselves. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.match(/\$\{[*?$]\}|[\s\S]/gu) ?? []
  const regex = parts.map(part => {
    if (part === '*') return '[\\s\\S]*'
    if (part === '?') return '[\\s\\S]'
    const literal = part.length > 2 ? part[2] : part
    return (literal ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${regex.join('')}$`, 'u').test(text)
}
