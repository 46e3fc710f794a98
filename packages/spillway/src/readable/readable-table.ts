import { TableError, type TableFormat } from '@spillway/core'
import type { ServeConfig } from '../configuration/config.js'
import { type ConfigTable, tablesOf } from '../configuration/config-tables.js'
import { type InTimeOptions, inTime } from '../doctor/in-time.js'
import { openProbe } from '../doctor/probe.js'
import { tableFacts } from '../tables/table-facts.js'
import { locatedSource } from '../tables/table-source.js'
import { refuseUnreached } from './reached-store.js'

export interface Readable {
  readonly format: TableFormat
  readonly version: string
  readonly files: number
}

/** Reads a table as the server of this configuration and a recipient of it would: its metadata, and a byte of one of its files. */
export async function readableTable(
  config: ServeConfig,
  fullName: string,
  time: InTimeOptions,
): Promise<Readable> {
  const { name, table } = tableNamed(config, fullName)
  refuseUnreached(table.location, config)
  const probe = openProbe(config)
  try {
    return await inTime(async signal => {
      const at = { kind: 'latest' } as const
      const snapshot = await probe.spillway.engine().snapshot(locatedSource(table), at, signal)
      await probe.byteOf(name, signal)
      const { files } = await tableFacts(snapshot, signal)
      return { format: snapshot.format, version: String(snapshot.version), files }
    }, time)
  } finally {
    await probe.close()
  }
}

function tableNamed({ shares }: ServeConfig, fullName: string): ConfigTable {
  const found = tablesOf(shares).find(
    each => each.fullName.toLowerCase() === fullName.toLowerCase(),
  )
  if (found === undefined)
    throw new TableError('INTERNAL', `${fullName} was added and is not there`)
  return found
}
