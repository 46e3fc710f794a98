import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Measured, Question } from './measure.js'

const main = fileURLToPath(new URL('../../packages/spillway/dist/bundle/main.js', import.meta.url))

/** Starts measured by one process, behind one that warms the disk and the server. */
const STARTS = 3

const SQL = "SELECT station, fare FROM city.public.trips WHERE day = DATE '2026-03-07' LIMIT 5"

/** From the start of the command to its end, or to the first row that it prints. */
export const commandQuestions: Readonly<Record<string, Question>> = {
  'start-version': () => starts([main, '--version'], untilEnd),
  'start-ls': () => withDemo(profile => starts([main, 'ls', profile], untilEnd)),
  'start-query': () =>
    withDemo(profile => starts([main, 'query', profile, SQL, '--mode', 'csv'], untilFirstRow)),
  // What no program of Node's can be faster than.
  'start-version@node': () => starts(['-e', '0'], untilEnd),
}

type Until = (child: ChildProcess) => Promise<void>

async function starts(args: readonly string[], until: Until): Promise<Measured> {
  const ms: number[] = []
  for (let i = 0; i <= STARTS; i++) {
    const start = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    child.stdout.resume()
    await until(child)
    if (i > 0) ms.push(performance.now() - start)
    const [code] = await ended
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  }
  return { ms, facts: { starts: STARTS } }
}

async function untilEnd(child: ChildProcess): Promise<void> {
  await once(child, 'close')
}

/** The second line: the first has the names of the columns. */
async function untilFirstRow(child: ChildProcess): Promise<void> {
  let lines = 0
  for await (const chunk of child.stdout!) {
    lines += String(chunk).split('\n').length - 1
    if (lines > 1) return
  }
  throw new Error('the query gave no row')
}

/** `work` over the profile of the demo's share, whose server is a process of its own. */
async function withDemo<Result>(work: (profile: string) => Promise<Result>): Promise<Result> {
  const demo = spawn(process.execPath, [main, 'demo', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [facts] = await once(demo.stdout, 'data')
    const { profilePath } = JSON.parse(String(facts))
    return await work(profilePath)
  } finally {
    demo.kill('SIGTERM')
    await once(demo, 'close')
  }
}
