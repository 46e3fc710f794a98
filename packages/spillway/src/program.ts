import { Command, CommanderError } from 'commander'
import { batchCommand } from './commands/batch.js'
import { inspectCommand } from './commands/inspect.js'
import { type PlanCommandOptions, planCommand } from './commands/plan.js'
import { type QueryCommandOptions, queryCommand } from './commands/query.js'
import { addTableOptions, type TableOptions } from './commands/table-options.js'
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
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
    })
  program
    .command('batch')
    .description('answer JSON requests from standard input, one a line')
    .action(async () => exit(await batchCommand(terminal)))
  addTableOptions(program.command('inspect').description('what a table says about itself')).action(
    (location: string, options: TableOptions) => inspectCommand(location, options, terminal),
  )
  addPredicateOptions(
    addTableOptions(program.command('plan').description('which files may hold matching rows')),
  )
    .option('--limit <rows>', 'stop when these files hold as many matching rows')
    .option('--explain', 'say of each file why it is kept or pruned')
    .option('--files <number>', 'files to list', '20')
    .action((location: string, options: PlanCommandOptions) => planCommand(location, options, terminal))
  addPredicateOptions(
    addTableOptions(program.command('query').description('exact rows of a table, deletes applied')),
  )
    .option('--columns <names...>', 'top-level columns; all of them by default')
    .option('--limit <rows>', 'rows to print', '20')
    .option('--count', 'print the number of rows instead')
    .action((location: string, options: QueryCommandOptions) => queryCommand(location, options, terminal))
  return program
}

function addPredicateOptions(command: Command): Command {
  return command
    .option('--where <predicate>', "SQL, such as \"day = DATE '2026-01-31' AND id > 5\"")
    .option('--json-predicate <tree>', 'the same as jsonPredicateHints has it')
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
