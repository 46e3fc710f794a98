import { Command, CommanderError } from 'commander'
import { batchCommand } from './commands/batch.js'
import { errorJson } from './error-json.js'
import { EXIT, exitCodeOf } from './exit-code.js'
import { jsonText } from './json-text.js'
import type { Terminal } from './terminal.js'
import { VERSION } from './version.js'

/** Runs one command line (without node and script) and gives its exit status. Never throws. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let status: number = EXIT.ok
  const program = createProgram(terminal, code => {
    status = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    report(error, args.includes('--json'), terminal)
    return exitCodeOf(error)
  }
}

function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('spillway')
    .description('Shares Delta, Iceberg, Hudi and Parquet tables as they lie in object storage')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
    })
  program
    .command('batch')
    .description('answer JSON requests from standard input, one a line')
    .action(async () => exit(await batchCommand(terminal)))
  return program
}

function report(error: unknown, json: boolean, { stderr }: Terminal): void {
  const found = errorJson(error)
  if (json) {
    stderr.write(`${jsonText({ ok: false, error: { ...found } })}\n`)
    return
  }
  stderr.write(`spillway: ${found.message}\n`)
  for (const [key, value] of Object.entries(found.context)) stderr.write(`  ${key}: ${value}\n`)
  if (found.code === 'INTERNAL' && error instanceof Error) stderr.write(`${error.stack}\n`)
}
