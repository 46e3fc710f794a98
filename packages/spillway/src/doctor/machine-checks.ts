import { compose } from '../tables/compose.js'
import { type Check, failed } from './check.js'

const OLDEST_NODE = 20
/** Signatures of clouds are refused when clocks differ by more than this. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000

/** What works on this machine, whatever is shared. */
export async function machineChecks(): Promise<readonly Check[]> {
  return [nodeCheck(), await duckdbCheck(), await clockCheck()]
}

function nodeCheck(): Check {
  const major = Number(process.versions.node.split('.')[0])
  return {
    name: 'node',
    ok: major >= OLDEST_NODE,
    detail: `${process.version} on ${process.platform}-${process.arch}${major >= OLDEST_NODE ? '' : `; ${OLDEST_NODE} or newer is needed`}`,
  }
}

async function duckdbCheck(): Promise<Check> {
  const spillway = compose()
  try {
    const connection = await spillway.duckdb.connect()
    await connection.all('SELECT 1')
    connection.close()
    return {
      name: 'duckdb',
      ok: true,
      detail: `${await spillway.duckdb.version()} loads and answers`,
    }
  } catch (error) {
    return failed('duckdb', error)
  } finally {
    await spillway.close()
  }
}

/** A clock years off makes every signed URL expired or not yet valid. */
async function clockCheck(): Promise<Check> {
  const now = Date.now()
  const monotonic = performance.timeOrigin + performance.now()
  const skew = Math.abs(now - monotonic)
  const plausible = now > Date.parse('2024-01-01T00:00:00Z') && skew < MAX_CLOCK_SKEW_MS
  const reason = skew < MAX_CLOCK_SKEW_MS ? '' : ', and it jumped since this process started'
  return { name: 'clock', ok: plausible, detail: `${new Date(now).toISOString()}${reason}` }
}
