import { PassThrough, Readable } from 'node:stream'
import { runProgram } from '../../src/program.js'

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, as `main.ts` would. */
export async function run(
  args: readonly string[],
  options: {
    readonly stdin?: string
    readonly folder?: string
    readonly signal?: AbortSignal
    readonly environment?: Readonly<Record<string, string>>
    /** Hears of standard output as it is written. */
    readonly onOutput?: (text: string) => void
  } = {},
): Promise<Ran> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const written = { stdout: '', stderr: '' }
  stdout.on('data', chunk => {
    written.stdout += String(chunk)
    options.onOutput?.(written.stdout)
  })
  stderr.on('data', chunk => {
    written.stderr += String(chunk)
  })
  const status = await runProgram(args, {
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    stdout,
    stderr,
    folder: options.folder ?? process.cwd(),
    environment: options.environment ?? {},
    signal: options.signal ?? new AbortController().signal,
  })
  stdout.end()
  stderr.end()
  await new Promise(resolve => setImmediate(resolve))
  return { status, ...written }
}
