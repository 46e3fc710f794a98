// What one query costs a recipient whose share has few or many tables: `node many-tables.mjs [TABLES] [ROUNDS]`.
// Shares of one table and of TABLES (2,000) take turns, each round in a process of its own that attaches, reads one table
// and closes. CPU is the recipient's; requests are all that it made, downloads included. The server is a third process.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'
import { tokenHash } from '@spillway/server'
import { parseConfig, startServer } from 'spillway'

const self = fileURLToPath(import.meta.url)
const location = fileURLToPath(new URL('../../test/fixtures/delta/plain', import.meta.url))
const [tables = '2000', rounds = '9', role, ...rest] = process.argv.slice(2)

async function measure() {
  const server = fork(self, [tables, rounds, 'serve'])
  try {
    const profile = JSON.stringify(await answerOf(server))
    const found = { one: [], many: [] }
    for (let round = -1; round < Number(rounds); round++) {
      for (const share of ['one', 'many']) {
        const answer = await answerOf(fork(self, [tables, rounds, 'read', profile, share]))
        // The first round warms the server and the disk.
        if (round >= 0) found[share].push(answer)
      }
    }
    const [one, many] = [summary(found.one), summary(found.many)]
    console.log(JSON.stringify({ tables: 1, ...one }))
    console.log(JSON.stringify({ tables: Number(tables), ...many }))
    const ratio = key => Number((many[key] / one[key]).toFixed(2))
    const ratios = { cpuMs: ratio('cpuMs'), wallMs: ratio('wallMs'), requests: ratio('requests') }
    console.log(JSON.stringify({ ratios }))
  } finally {
    server.kill()
  }
}

function answerOf(child) {
  return new Promise((settle, reject) => {
    child.once('message', settle)
    child.once('exit', code => reject(new Error(`${child.spawnargs[4]} ended with ${code}`)))
  })
}

function summary(answers) {
  const median = key => answers.map(each => each[key]).sort((a, b) => a - b)[answers.length >> 1]
  return { cpuMs: median('cpuMs'), wallMs: median('wallMs'), requests: median('requests') }
}

/** Two shares to two recipients would be two profiles: the share is chosen by its token. */
async function serve() {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-many-tables-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  process.once('SIGTERM', () => process.exit(0))
  const tokens = { one: randomBytes(16).toString('hex'), many: randomBytes(16).toString('hex') }
  const named = count => Array.from({ length: count }, (_, i) => ({ name: `t${i}`, location }))
  const share = (name, count) => ({ name, schemas: [{ name: 'main', tables: named(count) }] })
  const recipient = name => ({
    name,
    shares: [name],
    tokens: [{ sha256: tokenHash(tokens[name]).toString('hex') }],
  })
  const config = {
    server: { port: 0 },
    shares: [share('one', 1), share('many', Number(tables))],
    recipients: [recipient('one'), recipient('many')],
  }
  const { endpoint } = await startServer(
    parseConfig(JSON.stringify(config), { folder, path: 'bench' }),
  )
  process.send({ endpoint, tokens })
}

async function read(text, share) {
  const { endpoint, tokens } = JSON.parse(text)
  const profile = { shareCredentialsVersion: 1, endpoint, bearerToken: tokens[share] }
  let requests = 0
  const counting = (...given) => {
    requests++
    return fetch(...given)
  }
  const connection = await (await DuckDBInstance.create()).connect()
  const started = performance.now()
  const before = process.cpuUsage()
  const attached = await attachShare(connection, profile, { fetch: counting })
  const result = await attached.query(`SELECT count(*) FROM ${share}.main.t0`)
  await result.arrow()
  await attached.close()
  const { user, system } = process.cpuUsage(before)
  const cpuMs = Math.round((user + system) / 1000)
  process.send({ cpuMs, wallMs: Math.round(performance.now() - started), requests })
  process.disconnect()
}

await { serve, read }[role]?.(...rest)
if (role === undefined) await measure()
