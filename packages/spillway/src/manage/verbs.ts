import type { Command } from 'commander'

/** What commander hands to an action behind its names. */
export type Verb<Options> = readonly [options: Options, command: Command]

/** Options of the verb, and those that stood before it. */
export function optionsOf<Options extends object>([, command]: Verb<Options>): Options {
  return command.optsWithGlobals<Options>()
}

/** Its own options are the same for every verb, and may stand anywhere behind it. */
export function noun(program: Command, name: string, description: string): Command {
  return withStore(program.command(name).description(description).enablePositionalOptions(false))
}

/** A command that is done to what the noun names. */
export function verb(
  parent: Command,
  name: string,
  description: string,
  options: { readonly isDefault?: boolean } = {},
): Command {
  return withStore(parent.command(name, options).description(description))
}

function withStore(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration; spillway.yaml unless given')
    .option('--json', 'print JSON')
}

/** Collects an option that is given more than once. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
