import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import type { Terminal } from '../terminal/terminal.js'
import type { QueryShareOptions } from './query-share.js'
import type { QueryTableOptions } from './query-table.js'
import { optionText, PROVIDERS_OPTIONS } from './table-options.js'

export type QueryCommandOptions = QueryTableOptions & QueryShareOptions

/** `spillway query PROFILE SQL` over all that is shared, or `spillway query TABLE` for exact rows of one table. */
export async function queryCommand(
  location: string,
  sql: string | undefined,
  { options, terminal }: { readonly options: QueryCommandOptions; readonly terminal: Terminal },
): Promise<void> {
  if (await isProfile(location, terminal)) {
    if (sql !== undefined && options.sql !== undefined) throw twice('SQL')
    refuseOptions(options, OF_ONE_TABLE, `${location} is a profile, not one table`)
    const text = sql ?? options.sql
    if (text !== undefined) {
      const { queryShare } = await import('./query-share.js')
      return queryShare(location, text, { options, terminal })
    }
    throw new TableError(
      'INVALID_REQUEST',
      `expected SQL behind ${location}, or ${location}#share.schema.table for the rows of one table`,
    )
  }
  refuseOptions(
    options,
    OF_A_SHARE,
    'that is for SQL over a profile; rows of one table go to standard output, in the --mode that is asked for',
  )
  if (sql !== undefined && options.sql !== undefined) throw twice('SQL')
  const { queryTable } = await import('./query-table.js')
  await queryTable(location, { ...options, ...(sql !== undefined && { sql }) }, terminal)
}

const OF_ONE_TABLE = [
  ...(['where', 'jsonPredicate', 'columns', 'count', 'version', 'timestamp'] as const),
  ...PROVIDERS_OPTIONS,
] satisfies readonly (keyof QueryCommandOptions)[]
const OF_A_SHARE = ['param', 'explain', 'output', 'force'] as const

/** A file alone is a profile: tables are folders, or have their name behind `#`. */
async function isProfile(location: string, { folder }: Terminal): Promise<boolean> {
  if (location.includes('#') || /^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return false
  if (location.endsWith('.share')) return true
  return stat(resolve(folder, location)).then(
    found => found.isFile(),
    () => false,
  )
}

function refuseOptions(
  options: QueryCommandOptions,
  refused: readonly (keyof QueryCommandOptions)[],
  why: string,
): void {
  const given = refused.find(key => options[key] !== undefined)
  if (given === undefined) return
  throw new TableError('INVALID_REQUEST', `${optionText(given)} cannot be given here: ${why}`)
}

function twice(what: string): TableError {
  return new TableError('INVALID_REQUEST', `expected ${what} once, found it twice`)
}
