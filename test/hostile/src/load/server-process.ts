import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Answer, ProcessState, Question } from './loop-watch.js'
import type { NamedHold } from './name-holds.js'

export interface ServedTable {
  readonly name: string
  readonly location: string
  readonly [setting: string]: unknown
}

export interface ServerSetup {
  /** Where the configuration is written. */
  readonly folder: string
  readonly tables: readonly ServedTable[]
  /** Each has a token of the same name, and may read every table. */
  readonly recipients: readonly string[]
  /** Further keys of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** From how many milliseconds on a hold of the event loop is noted; 30 by default. */
  readonly holdMs?: number
  /** Microseconds between samples of the stack; 0 for none. 1000 by default. */
  readonly sampleMicroseconds?: number
}

/** The `spillway` command, serving in a process of its own with its event loop watched. */
export interface ServerProcess {
  readonly pid: number
  /** The endpoint of profiles. */
  readonly endpoint: string
  readonly adminUrl: string
  state(question: 'sample' | 'settle'): Promise<ProcessState>
  /** Holds of the event loop since it was asked last. */
  holds(): Promise<readonly NamedHold[]>
  /** Writes the configuration anew; the server takes it up by itself. */
  configure(setup: ServerSetup): Promise<void>
  /** The last lines of what it said of itself, and of requests that it did not answer with 200. */
  said(): string
  stop(): Promise<void>
}

/** All tables lie in `lake.bench`. */
export function tablePath(name: string): string {
  return `/shares/lake/schemas/bench/tables/${name}`
}

export function configText({ tables, recipients, settings }: ServerSetup): string {
  const { server, ...rest } = (settings ?? {}) as { readonly server?: object }
  return JSON.stringify(
    {
      server: {
        host: '127.0.0.1',
        port: 0,
        secret: 'a secret of the bench',
        admin: { host: '127.0.0.1', port: 0 },
        ...server,
      },
      ...rest,
      shares: [{ name: 'lake', schemas: [{ name: 'bench', tables }] }],
      recipients: recipients.map(name => ({
        name,
        tokens: [{ sha256: createHash('sha256').update(name).digest('hex') }],
        shares: ['lake'],
      })),
    },
    undefined,
    1,
  )
}

export async function startServerProcess(setup: ServerSetup): Promise<ServerProcess> {
  const config = join(setup.folder, 'spillway.yaml')
  await writeFile(config, configText(setup))
  const main = join(dirname(createRequire(import.meta.url).resolve('spillway')), 'main.js')
  const watch = new URL('./loop-watch.js', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', watch, main, 'serve', '--config', config, '--json'],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        ...(setup.holdMs !== undefined && { SPILLWAY_HOLD_MS: String(setup.holdMs) }),
        ...(setup.sampleMicroseconds !== undefined && {
          SPILLWAY_SAMPLE_US: String(setup.sampleMicroseconds),
        }),
      },
    },
  )
  const lines = linesOf(child)
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const endpoint = await lines.event('listening')
  const metrics = await lines.event('metrics')
  const ask = asker(child)
  return {
    pid: child.pid!,
    endpoint,
    adminUrl: metrics.replace(/\/metrics$/, ''),
    state: async question => (await ask(question)) as ProcessState,
    holds: async () => ((await ask('holds')) as { readonly holds: readonly NamedHold[] }).holds,
    configure: next => writeFile(config, configText(next)),
    said: () => lines.last.join('\n'),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** One question after the other: answers carry no number. */
function asker(child: ChildProcess): (question: Question) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve()
  return question => {
    const answer = before.then(
      () =>
        new Promise<Answer>((resolve, reject) => {
          const onExit = () => reject(new Error('the server process has ended'))
          child.once('exit', onExit)
          child.once('message', message => {
            child.off('exit', onExit)
            resolve(message as Answer)
          })
          child.send(question, error => error && reject(error))
        }),
    )
    before = answer.catch(() => undefined)
    return answer
  }
}

const KEPT_LINES = 50

function linesOf(child: ChildProcess) {
  const last: string[] = []
  const found = new Map<string, string>()
  const waiting = new Map<string, (text: string) => void>()
  const take = (line: string) => {
    if (line.includes('"status":200,')) return
    last.push(line)
    if (last.length > KEPT_LINES) last.shift()
    if (!line.startsWith('{"event":')) return
    const { event, text } = JSON.parse(line) as { readonly event: string; readonly text: string }
    const [value = ''] = text.split(' ')
    found.set(event, value)
    waiting.get(event)?.(value)
  }
  for (const stream of [child.stdout!, child.stderr!]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop()!
      for (const line of parts) take(line)
    })
  }
  return {
    last,
    event: (name: string) =>
      new Promise<string>((resolve, reject) => {
        const known = found.get(name)
        if (known !== undefined) return resolve(known)
        waiting.set(name, resolve)
        child.once('exit', () => reject(new Error(`the server ended: ${last.join('\n')}`)))
      }),
  }
}
