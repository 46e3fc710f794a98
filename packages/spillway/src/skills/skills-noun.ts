import type { Command } from 'commander'
import { withStore } from '../recipient/store-flags.js'
import type { Terminal } from '../terminal/terminal.js'
import type { ListSkillsOptions } from './skills-list.js'
import type { PlaceOptions, ProfileOptions } from './skills-place.js'
import type { ForceOption } from './skills-remove.js'
import type { UpdateCommandOptions } from './skills-update.js'

/** What a recipient does with the skills of a share. Each verb is loaded when it is run. */
export function addSkillsNoun(
  program: Command,
  terminal: Terminal,
  done: (ok: boolean) => void,
): void {
  const skills = program
    .command('skills')
    .alias('skill')
    .description('agent skills that are shared with you: list, install, update, remove')
  withStore(withPlace(skills.command('list')))
    .description('the skills of a share; without a profile those that are installed')
    .argument('[profile]', 'a profile file; PROFILE#share or PROFILE#share.schema for a part')
    .action(async (path: string | undefined, options: ListSkillsOptions) =>
      done(await (await import('./skills-list.js')).listSkillsCommand(path, options, terminal)),
    )
  withStore(withProfile(withForce(withPlace(skills.command('install').alias('add')))))
    .description('skills into the folder of your agent; without one exactly what its lock says')
    .argument('[skill...]', 'PROFILE#share.schema.skill, @sha256:… for that content alone')
    .action(
      async (names: readonly string[], options: PlaceOptions & ProfileOptions & ForceOption) =>
        done(
          await (await import('./skills-install.js')).installSkillsCommand(names, {
            options,
            terminal,
          }),
        ),
    )
  const update = withProfile(withForce(withPlace(skills.command('update'))))
    .description('what is shared now in place of what the lock says, and what changed')
    .argument('[name...]', 'installed skills; all unless named')
    .option('--dry-run', 'say what would change, and write nothing')
  withStore(update).action(async (names: readonly string[], options: UpdateCommandOptions) =>
    done(
      await (await import('./skills-update.js')).updateSkillsCommand(names, { options, terminal }),
    ),
  )
  withForce(withPlace(skills.command('remove')))
    .description('take skills out of the folder and of its lock')
    .argument('<name...>', 'installed skills')
    .action(async (names: readonly string[], options: PlaceOptions & ForceOption) =>
      done(
        await (await import('./skills-remove.js')).removeSkillsCommand(names, {
          options,
          terminal,
        }),
      ),
    )
}

function withPlace(command: Command): Command {
  return command
    .option('--to <folder>', 'the folder of skills; .agents/skills unless given')
    .option('--claude', '.claude/skills instead')
    .option('--global', 'that of your home, for all projects')
    .option('--json', 'print JSON')
}

function withForce(command: Command): Command {
  return command.option('--force', 'also where a skill was changed since it was installed')
}

function withProfile(command: Command): Command {
  return command.option(
    '--profile <file>',
    'who shares what the lock says; may be repeated. The profile of the environment unless given',
    (value: string, before: readonly string[] = []) => [...before, value],
  )
}
