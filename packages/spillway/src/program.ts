import { Command, CommanderError } from 'commander'
import type { DemoOptions } from './commands/demo.js'
import type { DoctorOptions } from './commands/doctor.js'
import type { InspectOptions } from './commands/inspect.js'
import type { PlanCommandOptions } from './commands/plan.js'
import { addRecipientCommands } from './commands/recipient-commands.js'
import type { RevokeOptions } from './commands/revoke.js'
import type { ServeOptions } from './commands/serve.js'
import { addPredicateOptions, addTableOptions } from './commands/table-options.js'
import { addExamples } from './examples.js'
import { addManageCommands } from './manage/nouns.js'
import { addSkillsNoun } from './skills/skills-noun.js'
import { EXIT, EXIT_HELP } from './terminal/exit-code.js'
import type { Terminal } from './terminal/terminal.js'
import { VERSION } from './terminal/version.js'

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
    if (isBrokenPipe(terminal.signal.reason) || isBrokenPipe(error)) return EXIT.ok
    const { report } = await import('./terminal/report.js')
    return report(error, args.includes('--json'), terminal)
  }
}

/** Whoever read the output has seen enough. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** Each command is loaded when it is run: DuckDB and the clouds take a second. */
function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('spillway')
    .description('Shares Delta, Iceberg, Hudi and Parquet tables as they lie in object storage')
    .version(VERSION)
    .addHelpText('after', EXIT_HELP)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
    })
  addDemo(program, terminal, exit)
  program.commandsGroup('What is shared with you:')
  addRecipientCommands(program, terminal, ok => exit(ok ? EXIT.ok : EXIT.failed))
  addSkillsNoun(program, terminal, ok => exit(ok ? EXIT.ok : EXIT.failed))
  program.commandsGroup('Tables that you reach yourself:')
  addTableCommands(program, terminal, exit)
  program.commandsGroup('What you share:')
  addServerCommands(program, terminal, exit)
  addManageCommands(program, terminal, ok => exit(ok ? EXIT.ok : EXIT.usage))
  addExamples(program)
  return program
}

function addDemo(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .commandsGroup('To begin with:')
    .command('demo')
    .description('sample tables, a server and a recipient on this machine, in a few seconds')
    .option('--once', 'answer and stop, instead of serving until Ctrl-C')
    .option('--port <number>', 'instead of a free one')
    .option('--json', 'print JSON')
    .action(async (options: DemoOptions) =>
      exit(await (await import('./commands/demo.js')).demoCommand(options, terminal)),
    )
}

function addTableCommands(
  program: Command,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  addTableOptions(
    program
      .command('inspect')
      .description('what a table says about itself, or what a folder could be shared as'),
  )
    .option('--files', 'read the footer of every file, and say how recipients would be sent them')
    .action(async (location: string, options: InspectOptions) =>
      (await import('./commands/inspect.js')).inspectCommand(location, options, terminal),
    )
  addPredicateOptions(
    addTableOptions(program.command('plan').description('which files may hold matching rows')),
  )
    .option('--limit <rows>', 'stop when these files hold as many matching rows')
    .option('--explain', 'say of each file why it is kept or pruned')
    .option('--files <number>', 'files to list', '20')
    .action(async (location: string, options: PlanCommandOptions) =>
      (await import('./commands/plan.js')).planCommand(location, options, terminal),
    )
  program
    .command('batch')
    .description('answer JSON requests about tables from standard input, one a line')
    .action(async () => exit(await (await import('./commands/batch.js')).batchCommand(terminal)))
}

function addServerCommands(
  program: Command,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  program
    .command('serve')
    .description('share the tables of a configuration file; changes of the file are taken up')
    .option('--config <file>', 'the configuration; spillway.yaml unless given')
    .option('--check', 'check the file and stop')
    .option('--json', 'log JSON')
    .action(async (options: ServeOptions) =>
      (await import('./commands/serve.js')).serveCommand(options, terminal),
    )
  program
    .command('revoke')
    .description(
      'take a recipient, a share or a part of it back, and say what was signed until when',
    )
    .option('--config <file>', 'the configuration; spillway.yaml unless given')
    .option('--recipient <name>', 'everything of this recipient')
    .option('--share <name>', 'this share, from everybody')
    .option('--table <share.schema.table>', 'this table, from everybody')
    .option('--volume <share.schema.volume>', 'this volume')
    .option('--model <share.schema.model>', 'this model')
    .option('--skill <share.schema.skill>', 'this skill')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print JSON')
    .action(async (options: RevokeOptions) =>
      (await import('./commands/revoke.js')).revokeCommand(options, terminal),
    )
  program
    .command('doctor')
    .description('check this machine and, of a configuration, every table that would be shared')
    .option('--config <file>', 'the configuration; spillway.yaml unless given, where there is one')
    .option('--timeout <seconds>', 'how long the check of each table may take; 120 unless given')
    .option('--json', 'print JSON')
    .action(async (options: DoctorOptions) =>
      exit(
        (await (await import('./commands/doctor.js')).doctorCommand(options, terminal))
          ? EXIT.ok
          : EXIT.failed,
      ),
    )
}
