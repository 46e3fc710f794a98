import type { Command } from 'commander'
import type { Terminal } from '../terminal.js'
import { type DescribeCommandOptions, describeCommand } from './describe.js'
import { type LsOptions, lsCommand } from './ls.js'

/** What a recipient does with a profile file. */
export function addRecipientCommands(program: Command, terminal: Terminal): void {
  program
    .command('ls')
    .description('what a provider shares with you')
    .argument('<profile>', 'a profile file; PROFILE#share or PROFILE#share.schema for a part')
    .option('--tree', 'as a tree, also where output is no terminal')
    .option('--no-tree', 'one name a line, also on a terminal')
    .option('--json', 'print JSON')
    .action((path: string, options: LsOptions) => lsCommand(path, options, terminal))
  program
    .command('describe')
    .description('a shared table: schema, files and a chart of its partitions')
    .argument('<table>', 'PROFILE#share.schema.table')
    .option('--version <number>', 'at this version')
    .option('--timestamp <time>', 'the version that was current at this time (ISO 8601, UTC)')
    .option('--top <number>', 'partitions to draw', '20')
    .option('--json', 'print JSON')
    .action((path: string, options: DescribeCommandOptions) =>
      describeCommand(path, options, terminal),
    )
}
