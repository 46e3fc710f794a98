import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { deltaTable } from './delta-table.js'
import type { ServerState } from './load-server.js'
import type { Measured } from './measure.js'

/** So many questions are asked in all, however many recipients ask them. */
const QUESTIONS = 200

/**
 * Selective queries of so many recipients at once, each with a connection of its own, who ask again as soon as they have
 * an answer: milliseconds from the question to the last byte of each. The memory is the server's, a process of its own.
 */
export async function queryHttp(
  files: number,
  data: string,
  recipients: number,
): Promise<Measured & { readonly peakRssMb: number }> {
  const table = await deltaTable(data, files)
  const program = fileURLToPath(new URL('./load-server.js', import.meta.url))
  const server = fork(program, [table.path, String(recipients)], { execArgv: ['--expose-gc'] })
  try {
    const { port } = await stateOf(server)
    const ask = (recipient: number, agent: Agent) =>
      answer({
        port,
        recipient,
        agent,
        body: JSON.stringify({ predicateHints: [table.selective.where] }),
      })
    const first = new Agent()
    for (let i = 0; i < 20; i++) await ask(0, first)
    first.destroy()
    const ms: number[] = []
    let left = Math.max(QUESTIONS, recipients)
    const began = performance.now()
    const one = async (recipient: number) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      while (left-- > 0) {
        const start = performance.now()
        const lines = await ask(recipient, agent)
        // The protocol and the metadata have a line each.
        if (lines !== table.selective.kept + 2) throw new Error(`an answer has ${lines} lines`)
        ms.push(performance.now() - start)
      }
      agent.destroy()
    }
    await Promise.all(Array.from({ length: recipients }, (_, i) => one(i)))
    const seconds = (performance.now() - began) / 1000
    const { rss, longestStallMs } = await stateOf(server)
    return {
      ms,
      peakRssMb: rss / 2 ** 20,
      facts: {
        ...{
          lines: table.selective.kept,
          answersPerSecond: Number((ms.length / seconds).toFixed(1)),
        },
        longestStallMs: Math.round(longestStallMs),
      },
    }
  } finally {
    server.kill()
  }
}

async function stateOf(server: ChildProcess): Promise<ServerState> {
  const answered = once(server, 'message')
  server.send('sample')
  return (await answered)[0] as ServerState
}

interface Asked {
  readonly port: number
  readonly recipient: number
  readonly agent: Agent
  readonly body: string
}

/** The number of lines of the answer. */
function answer({ port, recipient, agent, body }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const post = request({
      ...{ port, host: '127.0.0.1', method: 'POST', agent },
      path: '/delta-sharing/shares/lake/schemas/sales/tables/orders/query',
      headers: {
        authorization: `Bearer token-${recipient}`,
        'content-length': Buffer.byteLength(body),
      },
    })
    post.on('error', reject)
    post.on('response', response => {
      let lines = 0
      response.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(lines)
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    post.end(body)
  })
}

export const queryHttpQuestions = Object.fromEntries(
  [1, 10, 100].map(recipients => [
    `query-http-${recipients}`,
    (files: number, data: string) => queryHttp(files, data, recipients),
  ]),
)
