import { createInterface } from 'node:readline'
import { type Fault, faultProxy } from './fault-proxy.js'

// The failing store for programs in other languages: `serve-faults.js UPSTREAM` prints its endpoint as a line of JSON,
// and answers every line on its input, which starts a run, with what the run before has seen. Ends with its input.

interface Run {
  readonly at?: number
  readonly fault?: Fault
  readonly sticky?: boolean
}

const [upstream] = process.argv.slice(2)
if (upstream === undefined) throw new Error('usage: serve-faults.js UPSTREAM')
const proxy = await faultProxy(upstream)
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
say({ endpoint: proxy.endpoint })
for await (const line of createInterface({ input: process.stdin })) {
  const { at, fault, sticky = false } = JSON.parse(line) as Run
  say({ requests: proxy.requests, played: proxy.played() })
  proxy.start(at === undefined || fault === undefined ? undefined : { at, fault, sticky })
}
await proxy.close()
