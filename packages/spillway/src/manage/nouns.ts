import { type Command, Option } from 'commander'
import { NAMED_KINDS } from '../edit/shared-kinds.js'
import type { Terminal } from '../terminal/terminal.js'
import { addTokenNoun } from './token-noun.js'
import { noun, optionsOf, repeated, type Verb, verb } from './verbs.js'

/** What a provider keeps, by noun and verb. Each command is loaded when it is run. */
export function addManageCommands(
  program: Command,
  terminal: Terminal,
  exit: (ok: boolean) => void,
): void {
  addInit(program, terminal)
  addShareNoun(program, terminal)
  addRecipientNoun(program, terminal)
  addGrantNoun(program, terminal)
  addTokenNoun(program, terminal)
  addConfigNoun(program, terminal, exit)
}

function addInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('write a commented configuration to begin with, its secret and its schema')
    .option('--config <file>', 'instead of spillway.yaml')
    .option('--json', 'print JSON')
    .action(async options => (await import('./init.js')).initCommand(options, terminal))
}

function addShareNoun(program: Command, terminal: Terminal): void {
  const share = noun(program, 'share', 'what is shared, tables and all else: add, list, remove')
  verb(share, 'add', 'add a table, volume, model or skill, once it was found readable')
    .showHelpAfterError('a pattern over files stands in quotes; `spillway share add --help`')
    .argument('[location]', 'a folder or s3://bucket/path; without one an empty share is added')
    .option('--name <share.schema.name>', 'what is left out is guessed where it can be')
    .addOption(new Option('--kind <kind>', 'a table unless given').choices(KINDS))
    .option('--recipient <name>', 'grant it to them as well; may be repeated', repeated)
    .option('--no-check', 'add it without reading it')
    .optionsGroup('A table:')
    .option('--format <format>', 'instead of looking what lies there')
    .option('--history', 'share older versions and changes, too')
    .optionsGroup('A version of a model:')
    .option('--version <number>', 'that of the name of its folder unless given')
    .option('--alias <name>', 'leads to it from now on; may be repeated', repeated)
    .option('--registry <name>', 'in place of a location: a registry of the configuration')
    .option('--registered-name <name>', 'what the registry calls the model')
    .optionsGroup('A volume, model or skill:')
    .option('--digests', 'make SHA-256 of every file in the background')
    .option('--public', 'of a skill: anybody may read it, without a token')
    .action(async (location: string | undefined, ...rest: Verb<object>) =>
      (await import('./share-add.js')).shareAddCommand(location, optionsOf(rest), terminal),
    )
  verb(share, 'list', 'what is shared, where it lies and who is granted it').action(
    async (...rest: Verb<object>) =>
      (await import('./share-list.js')).shareListCommand(optionsOf(rest), terminal),
  )
  verb(share, 'remove', 'take a share, or something of it, back from everybody')
    .argument(
      '<name>',
      'a share, share.schema, or share.schema.name; of a model @VERSION or @ALIAS',
    )
    .addOption(
      new Option('--kind <kind>', 'where several have the name').choices([
        'share',
        'schema',
        ...KINDS,
      ]),
    )
    .option('--location <location>', 'which folder of skills, of --kind skill-folder')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (name: string, ...rest: Verb<object>) =>
      (await import('./share-remove.js')).shareRemoveCommand(name, optionsOf(rest), terminal),
    )
}

const KINDS = [...NAMED_KINDS, 'skill-folder']

function addRecipientNoun(program: Command, terminal: Terminal): void {
  const recipient = noun(program, 'recipient', 'who is shared with: add, list, remove')
  verb(recipient, 'add', 'add somebody to share with')
    .argument('<name>', 'for you and the log')
    .option('--share <name>', 'grant it as well; may be repeated', repeated)
    .action(async (name: string, ...rest: Verb<object>) =>
      (await import('./recipient-commands.js')).recipientAddCommand(
        name,
        optionsOf(rest),
        terminal,
      ),
    )
  verb(recipient, 'list', 'recipients with their grants and the number of their tokens').action(
    async (...rest: Verb<object>) =>
      (await import('./recipient-commands.js')).recipientListCommand(optionsOf(rest), terminal),
  )
  verb(recipient, 'remove', 'take everything of a recipient back')
    .argument('<name>', 'the recipient')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (name: string, ...rest: Verb<object>) =>
      (await import('./share-remove.js')).recipientRemoveCommand(name, optionsOf(rest), terminal),
    )
}

function addGrantNoun(program: Command, terminal: Terminal): void {
  const grant = noun(program, 'grant', 'which recipients may read which shares: add, list, remove')
  verb(grant, 'add', 'let a recipient read shares', { isDefault: true })
    .showHelpAfterError('`spillway grant --help` says what there is')
    .argument('<recipient>', 'who')
    .argument('<share...>', "what; '*' is every share, also later ones")
    .action(async (recipient: string, shares: readonly string[], ...rest: Verb<object>) =>
      (await import('./grant-commands.js')).grantAddCommand(
        { recipient, shares },
        optionsOf(rest),
        terminal,
      ),
    )
  verb(grant, 'list', 'what is granted to whom')
    .argument('[recipient]', 'only what this one may read')
    .action(async (name: string | undefined, ...rest: Verb<object>) =>
      (await import('./grant-commands.js')).grantListCommand(name, optionsOf(rest), terminal),
    )
  verb(grant, 'remove', 'take shares back from a recipient')
    .alias('revoke')
    .argument('<recipient>', 'whom')
    .argument('<share...>', 'what')
    .action(async (recipient: string, shares: readonly string[], ...rest: Verb<object>) =>
      (await import('./grant-commands.js')).grantRemoveCommand(
        { recipient, shares },
        optionsOf(rest),
        terminal,
      ),
    )
}

function addConfigNoun(program: Command, terminal: Terminal, exit: (ok: boolean) => void): void {
  const config = noun(program, 'config', 'the configuration file: check, schema')
  verb(config, 'check', 'say all that is wrong with it').action(async (...rest: Verb<object>) =>
    exit(await (await import('./config-command.js')).configCheckCommand(optionsOf(rest), terminal)),
  )
  config
    .command('schema')
    .description('print the JSON Schema of it, for editors')
    .action(async () => (await import('./config-command.js')).configSchemaCommand(terminal))
}
