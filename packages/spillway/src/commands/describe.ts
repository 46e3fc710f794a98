import { parseTableName } from '@spillway/client'
import { writeJson } from '@spillway/core'
import { describeTable } from '../recipient/describe-table.js'
import { descriptionJson, descriptionLines } from '../recipient/description-lines.js'
import { withNearestTable } from '../recipient/list-tables.js'
import { openProfile } from '../recipient/open-profile.js'
import { PARTITIONS_SHOWN } from '../recipient/partition-chart.js'
import { parseSharePath } from '../recipient/share-path.js'
import { parseTimestamp } from '../tables/table-source.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { integerOf } from './table-options.js'

export interface DescribeCommandOptions {
  readonly version?: string | undefined
  readonly timestamp?: string | undefined
  readonly top?: string
  readonly json?: boolean
}

/** `spillway describe PROFILE#share.schema.table`: what a shared table says about itself. */
export async function describeCommand(
  path: string,
  options: DescribeCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  const table = parseTableName(name)
  const version = integerOf('--version', options.version)
  const top = Number(integerOf('--top', options.top) ?? PARTITIONS_SHOWN)
  if (options.timestamp !== undefined) parseTimestamp(options.timestamp)
  const { client } = await openProfile(profile, terminal)
  const { signal } = terminal
  const description = await withProgress(terminal, `describing ${name}`, () =>
    withNearestTable(client, name, {
      signal,
      work: () =>
        describeTable(client, table, {
          signal,
          version,
          timestamp: options.timestamp,
        }),
    }),
  )
  const lines = options.json
    ? [writeJson(descriptionJson(name, description))]
    : descriptionLines(name, description, { terminal, top })
  for (const line of lines) await writeLine(terminal.stdout, line)
}
