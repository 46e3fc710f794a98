import { resolve } from 'node:path'
import { isTableError, type Snapshot, writeJson } from '@spillway/core'
import { filesInside, OutsideFinder, partitionGrant } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { checkedEndpoint, nameWarnings } from '@spillway/server'
import { loadConfig, type ServeConfig } from '../serve/config.js'
import { createRuntime } from '../serve/runtime.js'
import { type Composition, compose } from '../tables/compose.js'
import { fileFacts, fileFactsText } from '../tables/file-facts.js'
import { wrongCounts, wrongCountText } from '../tables/stated-counts.js'
import { tableFacts } from '../tables/table-facts.js'
import { locatedSource, type TableInput } from '../tables/table-source.js'
import { errorJson } from '../terminal/error-json.js'
import { withProgress } from '../terminal/progress.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

export interface DoctorOptions {
  readonly config?: string
  readonly json?: boolean
}

interface Check {
  readonly name: string
  readonly ok: boolean
  /** Works, and not for everybody. */
  readonly warning?: true
  readonly detail: string
}

const OLDEST_NODE = 20
/** Signatures of clouds are refused when clocks differ by more than this. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000

/** `spillway doctor`: what works here, and of a configuration which tables can be read. True where all of it does. */
export async function doctorCommand(options: DoctorOptions, terminal: Terminal): Promise<boolean> {
  const checks = await withProgress(terminal, 'checking', async progress => {
    const found = [nodeCheck(), await duckdbCheck(), await clockCheck()]
    if (options.config === undefined) return found
    progress.say('reading tables')
    return [...found, ...(await configChecks(resolve(terminal.folder, options.config)))]
  })
  if (options.json) {
    await writeLine(
      terminal.stdout,
      writeJson({ version: VERSION, checks: checks.map(each => ({ ...each })) }),
    )
  } else {
    const style = styleFor(terminal.stdout, terminal.environment)
    for (const { name, ok, warning, detail } of checks) {
      const mark = warning ? style.yellow('!') : ok ? style.green('✓') : style.red('✗')
      await writeLine(terminal.stdout, `${mark} ${style.bold(name)}  ${detail}`)
    }
  }
  return checks.every(({ ok }) => ok)
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

async function configChecks(path: string): Promise<readonly Check[]> {
  let config: ServeConfig
  try {
    config = await loadConfig(path)
  } catch (error) {
    return [failed('config', error)]
  }
  // Made as the server would make it, so that what it would refuse is refused here.
  const runtime = createRuntime(config, {
    endpoint: checkedEndpoint('http://127.0.0.1/delta-sharing'),
    secrets: ['not used: nothing is signed'],
  })
  try {
    const checks: Check[] = [{ name: 'config', ok: true, detail: path }]
    for (const detail of nameWarnings(config.shares))
      checks.push({ name: 'names', ok: true, warning: true, detail })
    if (config.staging) checks.push(await stagingCheck(runtime.spillway, config.staging.location))
    for (const table of tablesOf(config)) checks.push(await tableCheck(runtime.spillway, table))
    return checks
  } finally {
    await runtime.close()
  }
}

async function stagingCheck({ store }: Composition, location: string): Promise<Check> {
  const path = `${location.replace(/\/+$/, '')}/.spillway-doctor-${process.pid}`
  try {
    await store.put(path, new TextEncoder().encode('doctor'))
    await store.delete(path)
    return { name: 'staging', ok: true, detail: `${location} can be written` }
  } catch (error) {
    return failed('staging', error)
  }
}

interface NamedTable {
  readonly name: string
  readonly source: TableInput
  /** SQL that says which partitions are shared. */
  readonly partitions: string | undefined
}

function tablesOf({ shares }: ServeConfig): readonly NamedTable[] {
  return (shares.shares ?? []).flatMap(share =>
    (share.schemas ?? []).flatMap(schema =>
      (schema.tables ?? []).map(table => ({
        name: `${share.name}.${schema.name}.${table.name}`,
        source: table,
        partitions: table.partitions,
      })),
    ),
  )
}

async function tableCheck(
  spillway: Composition,
  { name, source, partitions }: NamedTable,
): Promise<Check> {
  try {
    const snapshot = await spillway.engine().snapshot(locatedSource(source), { kind: 'latest' })
    // Throws where no query of it would be answered.
    if (partitions !== undefined) partitionGrant(parseSqlPredicate(partitions).predicate, snapshot)
    await filesInside(planScan(snapshot), { outside: new OutsideFinder() })
    const facts = await tableFacts(snapshot)
    const found = [
      `${snapshot.format} version ${snapshot.version}, ${facts.files} files`,
      ...wrongCounts(snapshot, facts).map(wrongCountText),
      ...(await footerFacts(spillway, snapshot, facts.files)),
    ]
    return { name, ok: true, detail: found.join('; ') }
  } catch (error) {
    return failed(name, error)
  }
}

/** Footers looked at of each table: enough to find out, and no more than a minute of an object store's time. */
const MOST_FOOTERS = 10_000

async function footerFacts(
  { shapes }: Composition,
  snapshot: Snapshot,
  files: number,
): Promise<readonly string[]> {
  const survey = await fileFacts(snapshot, { shapes, maxFiles: MOST_FOOTERS })
  if (survey === undefined) return []
  return fileFactsText(survey, files).map(([name, value]) => `${name}: ${value}`)
}

function failed(name: string, error: unknown): Check {
  const { code, message, context } = errorJson(error)
  const where = Object.entries(context).map(([key, value]) => `${key}: ${value}`)
  return {
    name,
    ok: false,
    detail: [isTableError(error) ? `${code}: ${message}` : message, ...where].join('; '),
  }
}
