#!/usr/bin/env node
import { runProgram } from './program.js'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(signal)))
}
// A reader that has seen enough (`| head`) is no failure: what was opened is closed, and nothing is said.
const CLOSING_MS = 5000
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  interrupted.abort(error)
  // Whoever waits for something else, such as more input, is not waited for.
  setTimeout(() => process.exit(0), CLOSING_MS).unref()
})

/** What was interrupted has closed what it opened: work that cannot be cancelled is not waited for. */
const EXITING_MS = 1000

process.exitCode = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  folder: process.cwd(),
  environment: process.env,
  signal: interrupted.signal,
})
if (interrupted.signal.aborted) setTimeout(() => process.exit(), EXITING_MS).unref()
