import { type Command, Option } from 'commander'
import { addCacheCommands } from '../file-cache/cache-commands.js'
import { withStore } from '../recipient/store-flags.js'
import type { StoreOptions } from '../recipient/store-options.js'
import { OUTPUT_MODES, PARQUET_COMPRESSIONS } from '../results/result-forms.js'
import { SHELL_MODES } from '../shell/settings.js'
import type { Terminal } from '../terminal/terminal.js'
import type { DescribeCommandOptions } from './describe.js'
import type { DownloadCommandOptions } from './download.js'
import type { ExportOptions } from './export.js'
import type { LsOptions } from './ls.js'
import type { QueryCommandOptions } from './query.js'
import type { ShellOptions } from './shell.js'
import { addPredicateOptions, addTableSelection } from './table-options.js'
import type { VerifyCommandOptions } from './verify.js'

/** What a recipient does with a profile file. Each command is loaded when it is run: DuckDB and the clouds take a second. */
export function addRecipientCommands(
  program: Command,
  terminal: Terminal,
  done: (ok: boolean) => void,
): void {
  addListingCommands(program, terminal, done)
  addDownloadCommands(program, terminal, done)
  addCacheCommands(program, terminal, done)
  const mcp = program
    .command('mcp')
    .description('the skills of a profile for an agent that starts its servers itself (MCP)')
    .argument('<profile>', 'a profile file')
  withStore(mcp).action(async (path: string, options: StoreOptions) =>
    (await import('../skills/mcp-command.js')).mcpCommand(path, options, terminal),
  )
  addQueryCommand(program, terminal)
  program
    .command('export')
    .description('rows of a share into a file: Parquet, CSV, JSON lines or Arrow')
    .argument('<profile>', 'a profile file, or PROFILE#share.schema.table')
    .argument('[sql]', 'DuckDB SQL, or share.schema.table; - to read it')
    .requiredOption('--to <file>', 'FILE.parquet, .csv, .json or .arrow; appears when it is whole')
    .option('--force', 'replace what is there')
    .addOption(new Option('--compression <codec>', 'of Parquet').choices(PARQUET_COMPRESSIONS))
    .option('--param <name=value>', 'the value of $name in the SQL; may be repeated', repeated)
    .option('--json', 'print JSON')
    .action(async (path: string, sql: string | undefined, options: ExportOptions) =>
      (await import('./export.js')).exportCommand(path, sql, { options, terminal }),
    )
  program
    .command('shell')
    .description('SQL over all that a profile opens, line by line; .help lists what else it does')
    .argument('<profile>', 'a profile file')
    .addOption(new Option('--mode <mode>', 'how rows are printed').choices(SHELL_MODES))
    .option('--no-history', 'remember nothing of this session')
    .action(async (path: string, options: ShellOptions) =>
      (await import('./shell.js')).shellCommand(path, options, terminal),
    )
}

/** Collects an option that is given more than once. */
function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function addQueryCommand(program: Command, terminal: Terminal): void {
  const query = program
    .command('query')
    .description('SQL over all that a profile opens, or exact rows of one table')
    .argument('<location>', 'a profile file; PROFILE#share.schema.table or a folder for one table')
    .argument('[sql]', 'DuckDB SQL over share.schema.table, or over t for one table; - to read it')
    .option('--sql <query>', 'the same as an option')
    .option(
      '--limit <rows>',
      'rows to print, or all; unless given, a drawn table has 20 of one table and 100 of an answer to SQL',
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'a table; unless given, an answer to SQL is csv where nobody watches',
      ).choices(OUTPUT_MODES),
    )
    .option('--json', 'print JSON lines')
    .optionsGroup('SQL over a profile:')
    .option('--param <name=value>', 'the value of $name in the SQL; may be repeated', repeated)
    .option('--explain', 'what would be asked of the provider, and what pruning leaves')
    .option('--output <file>', 'into FILE.csv, .json, .arrow or .parquet instead')
    .option('--force', 'replace that file')
    .optionsGroup('Rows of one table:')
    .option('--columns <names...>', 'top-level columns; all of them by default')
    .option('--count', 'print the number of rows instead')
  addTableSelection(addPredicateOptions(query)).action(
    async (location: string, sql: string | undefined, options: QueryCommandOptions) =>
      (await import('./query.js')).queryCommand(location, sql, { options, terminal }),
  )
}

function addListingCommands(
  program: Command,
  terminal: Terminal,
  done: (ok: boolean) => void,
): void {
  const ls = program
    .command('ls')
    .description('what a provider shares with you')
    .argument('<profile>', 'a profile file; PROFILE#share or PROFILE#share.schema for a part')
    .option('--tree', 'as a tree, also where output is no terminal')
    .option('--no-tree', 'one name a line, also on a terminal')
    .option('--json', 'print JSON')
    .optionsGroup('The files of a volume, model or skill:')
    .option('--files', 'of PROFILE#share.schema.asset[@version]')
    .addOption(kindOption())
  withStore(ls).action(async (path: string, options: LsOptions) =>
    (await import('./ls.js')).lsCommand(path, options, terminal),
  )
  const describe = program
    .command('describe')
    .description('a shared table, volume, model or skill: what it says of itself, and its files')
    .argument(
      '<name>',
      'PROFILE#share.schema.table, or .volume, .skill, .model[@version]; @sha256:… pins',
    )
    .addOption(kindOption())
    .option('--version <number>', 'at this version')
    .option('--timestamp <time>', 'the version that was current at this time (ISO 8601, UTC)')
    .option('--top <number>', 'partitions to draw, or files to name', '20')
    .option('--tensors', 'name, type and shape of every tensor of safetensors')
    .option('--max-files <number>', 'files that are looked into, at most', '256')
    .option('--json', 'print JSON')
  withStore(describe).action(async (path: string, options: DescribeCommandOptions) =>
    done(await (await import('./describe.js')).describeCommand(path, options, terminal)),
  )
}

function kindOption(): Option {
  const kinds = ['volume', 'model', 'skill']
  return new Option('--kind <kind>', 'where several have the name').choices(kinds)
}

function addDownloadCommands(
  program: Command,
  terminal: Terminal,
  done: (ok: boolean) => void,
): void {
  const download = program
    .command('download')
    .description(
      'the files of a volume, model or skill into a folder; goes on where it was stopped',
    )
    .argument(
      '<asset>',
      'PROFILE#share.schema.asset; @3 or @alias of a model, @SNAPSHOT of others, @sha256:… of all',
    )
    .requiredOption('--to <folder>', 'where to; what else lies there stays')
    .option('--include <pattern>', 'files to take, * goes across /; may be repeated', repeated)
    .option('--exclude <pattern>', 'files to leave; may be repeated', repeated)
    .addOption(kindOption())
    .option('--dry-run', 'say what would be fetched, and write nothing')
    .option('--concurrency <number>', 'requests at once, at most', '16')
    .option('--max-files <number>', 'files of the asset, at most', '1000000')
    .option('--cache <folder>', 'take files from there, and keep them there for other downloads')
    .option('--no-cache', 'none, also where SPILLWAY_CACHE names one')
    .option('--verify', 'read again what is there, in place of believing size and time')
    .option('--force', 'replace files of these names that no download made')
    .option('--json', 'print JSON')
  addTrustOptions(withStore(download)).action(
    async (path: string, options: DownloadCommandOptions) =>
      done(await (await import('./download.js')).downloadCommand(path, options, terminal)),
  )
  const verify = program
    .command('verify')
    .description('read a folder of a download again: what is missing, different, extra')
    .argument('<folder>', 'the folder of spillway download')
    .option('--json', 'print JSON')
  addTrustOptions(verify).action(async (folder: string, options: VerifyCommandOptions) =>
    done(await (await import('./verify.js')).verifyCommand(folder, options, terminal)),
  )
}

/** Names as `model_signing` has them. */
function addTrustOptions(command: Command): Command {
  return command
    .optionsGroup('Signatures (model.sig):')
    .option('--public-key <pem>', 'has to be signed by this key')
    .option(
      '--certificate-chain <pem>',
      'has to be signed by a certificate below these roots; may be repeated',
      repeated,
    )
    .option('--allow-unsigned', 'puts up with files that the signature does not name')
    .option('--allow-symlinks', 'takes signatures over what symbolic links led to')
}
