import type { TableFormat } from '@spillway/core'
import { type Command, Option } from 'commander'

/** What every command about one table takes. */
export interface TableOptions {
  readonly format?: TableFormat
  readonly metadataFile?: string
  readonly rebase?: readonly string[] | undefined
  readonly auxiliaryLocation?: readonly string[]
  readonly version?: string | undefined
  readonly snapshotId?: string
  readonly ref?: string
  readonly timestamp?: string | undefined
  readonly readOptimized?: boolean
  readonly json?: boolean
}

/** What the provider of a shared table chooses, and nobody who reads it. */
export const PROVIDERS_OPTIONS = [
  'format',
  'metadataFile',
  'rebase',
  'auxiliaryLocation',
  'snapshotId',
  'ref',
  'readOptimized',
] as const satisfies readonly (keyof TableOptions)[]

/** An option as it is typed: `--metadata-file`. */
export function optionText(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

export function addTableOptions(command: Command): Command {
  return addTableSelection(
    command.argument(
      '<location>',
      'a folder, s3://bucket/path, or a shared table: PROFILE#share.schema.table',
    ),
  ).option('--json', 'print JSON')
}

/** How a table is found, and which version of it. */
export function addTableSelection(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'instead of looking what lies there').choices([
        'delta',
        'iceberg',
        'hudi',
        'parquet',
      ]),
    )
    .option(
      '--version <number>',
      'Delta version, Iceberg sequence number or Hudi completion instant',
    )
    .option('--timestamp <time>', 'the version that was current at this time (ISO 8601, UTC)')
    .option('--snapshot-id <id>', 'Iceberg snapshot')
    .option('--ref <name>', 'Iceberg branch or tag')
    .option('--metadata-file <path>', 'Iceberg metadata file, instead of the newest found')
    .option(
      '--rebase <from=to...>',
      'read paths that start with FROM under TO: for tables that were moved',
    )
    .option(
      '--auxiliary-location <location...>',
      'where else files of the table may lie: shallow clones, imported files',
    )
    .option('--read-optimized', 'Hudi: base files without their logs')
}

export function addPredicateOptions(command: Command): Command {
  return command
    .option('--where <predicate>', 'SQL, such as "day = DATE \'2026-01-31\' AND id > 5"')
    .option('--json-predicate <tree>', 'the same as jsonPredicateHints has it')
}
