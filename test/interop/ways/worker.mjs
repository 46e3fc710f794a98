// Runs commands of `spillway` and SQL over attached shares in one process, for requests that come as lines of JSON.
import { createInterface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare, columnJson } from '@spillway/duckdb'
import { runProgram } from '../../../packages/spillway/dist/program.js'
import { errorJson } from '../../../packages/spillway/dist/terminal/error-json.js'

const attached = new Map()

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...request } = JSON.parse(line)
  // Not awaited: requests are answered as they are done, under their id.
  answer(request).then(body => process.stdout.write(`${JSON.stringify({ id, ...body })}\n`))
}
for (const share of attached.values()) await (await share).close()

async function answer(request) {
  try {
    return request.kind === 'sql' ? await sql(request) : await command(request)
  } catch (error) {
    return { error: errorJson(error) }
  }
}

async function command({ args, stdin }) {
  const [stdout, stderr] = [collector(), collector()]
  const status = await runProgram(args, {
    stdin: Readable.from(stdin === undefined ? [] : [stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    folder: process.cwd(),
    environment: process.env,
    signal: new AbortController().signal,
  })
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

function collector() {
  const chunks = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

/** One connection for each profile and transport, kept: its statements run one after the other. */
async function sql({ profile, transport, sql }) {
  const key = JSON.stringify([profile, transport])
  if (!attached.has(key)) attached.set(key, attach(profile, transport))
  const share = await attached.get(key)
  const turn = share.last.then(() => rowsOf(share.share, sql))
  share.last = turn.catch(() => undefined)
  return turn
}

async function attach(profile, transport) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  const share = await attachShare(connection, profile, { transport })
  return { share, last: Promise.resolve(), close: () => share.close() }
}

async function rowsOf(share, text) {
  const result = await share.query(text)
  try {
    const rows = []
    for await (const block of result.rawRows()) {
      for (const row of block) {
        rows.push(row.map((value, i) => columnJson(value, result.columns[i].type)))
      }
    }
    return { columns: result.columns.map(({ name }) => name), rows }
  } finally {
    await result.close()
  }
}
