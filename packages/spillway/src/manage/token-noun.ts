import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.js'
import { noun, optionsOf, repeated, type Verb, verb } from './verbs.js'

/** `spillway token`: `spillway token partner`, as it was written before there were verbs, is `token add partner`. */
export function addTokenNoun(program: Command, terminal: Terminal): void {
  const token = noun(program, 'token', 'tokens of recipients: add, list, revoke, rotate')
  const add = verb(token, 'add', 'make a token and the profile file to hand over', {
    isDefault: true,
  })
    .showHelpAfterError(
      '`spillway token --help` says what there is; several shares are `--share a --share b`',
    )
    .argument('<recipient>', 'added to the configuration where it is new')
    .option('--share <name>', 'grant it as well; may be repeated', repeated)
    .option('--label <text>', 'what it is for; one token of each label is made')
  withProfileOptions(add).action(async (recipient: string, ...rest: Verb<object>) =>
    (await import('./token-add.js')).tokenAddCommand(recipient, optionsOf(rest), terminal),
  )
  verb(token, 'list', 'what tokens there are, since when and until when')
    .argument('[recipient]', 'only those of this one')
    .action(async (name: string | undefined, ...rest: Verb<object>) =>
      (await import('./token-list.js')).tokenListCommand(name, optionsOf(rest), terminal),
    )
  verb(token, 'revoke', 'end tokens at once')
    .alias('remove')
    .argument('<recipient>', 'whose')
    .argument('[token...]', 'labels, or the first digits of hashes, as list has them')
    .option('--all', 'every token of this recipient')
    .option('--expired', 'take those out that have ended by themselves')
    .action(async (recipient: string, names: readonly string[], ...rest: Verb<object>) =>
      (await import('./token-revoke.js')).tokenRevokeCommand(
        { recipient, names },
        optionsOf(rest),
        terminal,
      ),
    )
  const rotate = verb(token, 'rotate', 'a new token in place of the old, which ends after a while')
    .argument('<recipient>', 'whose')
    .argument('[token]', 'only this one, by its label or the first digits of its hash')
    .option('--grace <time>', 'how long the old one is still good: 7d (the default), 12h, 0')
  withProfileOptions(rotate).action(
    async (recipient: string, name: string | undefined, ...rest: Verb<object>) =>
      (await import('./token-rotate.js')).tokenRotateCommand(
        { recipient, name },
        optionsOf(rest),
        terminal,
      ),
  )
}

function withProfileOptions(command: Command): Command {
  return command
    .option('--expires <when>', '90d, 12h, or a moment in ISO 8601')
    .option('--endpoint <url>', "the server's address, where the configuration does not say it")
    .option('--out <file>', 'the profile; RECIPIENT.share, or where that is there another name')
}
