import { type JsonValue, parseJson } from '@spillway/core'
import { type Connection, quoteText } from '@spillway/rows'
import { thenClose } from '../connection/close-all.js'
import { member } from '../sql/syntax-tree.js'
import { type ExecuteOptions, hide, show } from './execute.js'

/** Functions that are another value for each row whatever is done, so that no two parts could show it. */
const EACH_ROW = ['random', 'uuid', 'uuidv4', 'uuidv7', 'gen_random_uuid', 'error', 'sleep_ms']

/** They say what time it is, or count from the day on which they are asked, which DuckDB's list does not say of them. */
const UNMARKED = ['age', 'current_localtime', 'current_localtimestamp']

/**
 * True where a statement that is run as several gives the rows that it gives at once: nothing in it is one value for a whole
 * statement, such as the time, or is counted, such as a sequence. `options` show its tables, of which no row is read.
 */
export function runsInParts(sql: string, options: ExecuteOptions): Promise<boolean> {
  const { session, lane, owners, sameInParts } = options.shares
  const ask = async () => {
    await show(options)
    // Time is a constant in a plan that was optimized. What cannot be told of a plan is not run in parts.
    const plan = `json_serialize_plan(${quoteText(sql)}, optimize := false)`
    const [row] = await session.all(`SELECT ${plan}::VARCHAR`)
    const names = calledIn(parseJson(String(row?.[0] ?? 'null')))
    if (names === undefined) return false
    const unknown = [...names].filter(name => !sameInParts.has(name))
    const differing = await differingOf(unknown, session)
    for (const name of unknown) if (!differing.has(name)) sameInParts.add(name)
    return differing.size === 0
  }
  const alone = () => thenClose(ask, () => hide(options))
  return lane(options.signal, () => owners.shut(alone))
}

/** Which functions may be another value in each part; DuckDB takes a while to list them. */
async function differingOf(
  names: readonly string[],
  session: Connection,
): Promise<ReadonlySet<string>> {
  const unknown = names.filter(name => !EACH_ROW.includes(name))
  if (unknown.length === 0) return new Set()
  const rows = await session.all(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'scalar'
      AND stability <> 'CONSISTENT' AND function_name IN (${unknown.map(quoteText).join(', ')})`,
  )
  const marked = rows.map(([name]) => String(name))
  return new Set([...marked, ...unknown.filter(name => UNMARKED.includes(name))])
}

/** The functions that a plan calls; undefined for what is no plan. */
function calledIn(plan: JsonValue): ReadonlySet<string> | undefined {
  if (member(plan, 'error') !== false) return undefined
  const names = new Set<string>()
  const collect = (node: JsonValue) => {
    if (typeof node !== 'object' || node === null) return
    const name = member(node, 'name')
    if (member(node, 'expression_class') === 'BOUND_FUNCTION' && typeof name === 'string') {
      names.add(name)
    }
    for (const each of Object.values(node)) collect(each)
  }
  collect(plan)
  return names
}
