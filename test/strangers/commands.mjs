// What a recipient does with the installed command beside querying. It is a bundle: each command is a file of its own in it, which
// nothing else loads.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailed, runProcess } from '../../scripts/packages/run-process.mjs'

const SKILL = `---
name: count-orders
description: Counts orders when somebody asks how many there are.
---
Count the rows of the table orders.
`
const ANSWER_MS = 60_000
const PATH = 'lake.agents.count-orders'

/** Lays a skill beside the tables; answers the schema of a configuration that shares it. */
export function laySkill(folder) {
  const at = join(folder, 'skills', 'count-orders')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'SKILL.md'), SKILL)
  return { name: 'agents', skills: [{ name: 'count-orders', location: './skills/count-orders' }] }
}

/** Lists, describes, downloads, verifies and serves to an agent what a profile opens; throws what was wrong with it. */
export async function tryCommands({ folder, environment, profile, table }) {
  const spillway = args => runProcess('npx', ['spillway', ...args], { folder, environment }).stdout
  expectText('ls', spillway(['ls', profile, '--json']), 'count-orders')
  expectText('describe', spillway(['describe', `${profile}#${table}`]), 'id')
  spillway(['download', `${profile}#${PATH}`, '--to', 'fetched'])
  expectText('download', readFileSync(join(folder, 'fetched', 'SKILL.md'), 'utf8'), SKILL)
  spillway(['verify', 'fetched'])
  const exported = ['export', profile, `SELECT id FROM ${table}`, '--to', 'ids.parquet']
  spillway(exported)
  expectText('export', readFileSync(join(folder, 'ids.parquet'), 'latin1'), 'PAR1')
  expectText('plan', spillway(['plan', './lake/orders', '--where', 'id > 0']), 'files')
  const heard = await agentHears({ folder, environment, profile })
  expectText('mcp', heard, 'skill://lake/agents/count-orders/SKILL.md')
}

/** An agent that begins a session, asks what there is, and leaves once it was answered. */
async function agentHears({ folder, environment, profile }) {
  const command = join(folder, 'node_modules', '.bin', 'spillway')
  const child = spawn(command, ['mcp', profile], { cwd: folder, env: environment })
  const ended = once(child, 'close')
  let said = ''
  const hear = part => {
    said += part
    // The answer to the second question: an agent that closes its end sooner may not get it.
    if (said.includes('"id":2')) child.stdin.end()
  }
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  const clientInfo = { name: 'stranger', version: '1' }
  const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  const messages = [
    { id: 1, method: 'initialize', params: initialize },
    { method: 'notifications/initialized' },
    { id: 2, method: 'resources/list', params: {} },
  ]
  for (const one of messages) child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...one })}\n`)
  const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS)
  const [code] = await ended
  clearTimeout(timer)
  if (code !== 0) throw new CommandFailed('spillway mcp', folder, `${said}\n(ended with ${code})`)
  return said
}

function expectText(command, text, part) {
  if (!text.includes(part)) throw new Error(`spillway ${command} does not say "${part}":\n${text}`)
}
