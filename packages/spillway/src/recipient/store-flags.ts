import type { Command } from 'commander'

/** Where an asset is shared by credentials of its store alone, and the provider does not say how that is reached. */
export function withStore(command: Command): Command {
  return command
    .optionsGroup('An asset shared by credentials of its store:')
    .option('--endpoint <url>', 'of the store, where it is not AWS')
    .option('--region <region>', 'of its bucket')
    .option('--path-style', 'buckets stand in the path, as most stores but AWS have it')
}
