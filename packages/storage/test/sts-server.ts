import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An STS that answers every request with keys, and remembers what was asked. */
export interface TestStsServer {
  readonly endpoint: string
  readonly requests: URLSearchParams[]
  /** Error codes to answer the next requests with. */
  readonly errors: { readonly status: number; readonly code: string }[]
  close(): Promise<void>
}

export async function testStsServer(): Promise<TestStsServer> {
  const requests: URLSearchParams[] = []
  const errors: { status: number; code: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    requests.push(form)
    const error = errors.shift()
    response.writeHead(error?.status ?? 200, { 'Content-Type': 'text/xml' })
    if (error !== undefined) {
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>no</Message></Error></ErrorResponse>`,
      )
      return
    }
    const action = form.get('Action') ?? ''
    const end = new Date(Date.now() + Number(form.get('DurationSeconds')) * 1000).toISOString()
    const keys = `<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${end}</Expiration>`
    response.end(
      `<${action}Response><${action}Result><Credentials>${keys}</Credentials></${action}Result></${action}Response>`,
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    errors,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
