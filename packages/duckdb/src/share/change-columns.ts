import type { Field } from '@spillway/core'
import { type FileShape, quoteText } from '@spillway/rows'
import type { SharedFile } from './open-scan.js'

/** Ids that no column of a table has. */
const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: false,
})

const TYPE = field(-1, '_change_type', 'string')
const VERSION = field(-2, '_commit_version', 'long')
const TIMESTAMP = field(-3, '_commit_timestamp', 'timestamptz')

/** What a change feed says about each row, as Spark's readChangeFeed names it. */
export const CHANGE_FIELDS: readonly Field[] = [TYPE, VERSION, TIMESTAMP]

/** Columns of a change feed beside the table's own. */
export function changeFeedFields(fields: readonly Field[]): readonly Field[] {
  return [...fields, ...CHANGE_FIELDS]
}

/** Those columns for files of one shape, as expressions over it; none for files of a snapshot. */
export function changeColumns(
  files: readonly SharedFile[],
  { columns }: FileShape,
): ReadonlyMap<Field, string> {
  const changes = files.flatMap(({ change }) => change ?? [])
  if (changes.length === 0) return new Map()
  const at = columns.findIndex(({ name }) => name === TYPE.name)
  const types = changes.map(({ type }) => (type === undefined ? 'NULL' : quoteText(type)))
  const micros = changes.map(({ timestamp }) => `make_timestamptz(${timestamp}000::BIGINT)`)
  return new Map([
    [TYPE, changes[0]!.type === undefined ? `c${at}` : byFile(types)],
    [VERSION, `${byFile(changes.map(({ version }) => `${version}::BIGINT`))}`],
    [TIMESTAMP, byFile(micros)],
  ])
}

function byFile(literals: readonly string[]): string {
  if (literals.every(literal => literal === literals[0])) return literals[0]!
  return `list_extract([${literals.join(', ')}], file_index::BIGINT + 1)`
}
