import type { TableName } from '@spillway/client'
import { mapConcurrently, type Snapshot } from '@spillway/core'
import { filesInside, OutsideFinder, partitionGrant } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { nameWarnings } from '@spillway/server'
import { loadConfig, type ServeConfig } from '../serve/config.js'
import type { Composition } from '../tables/compose.js'
import { fileFacts, fileFactsText } from '../tables/file-facts.js'
import { wrongCounts, wrongCountText } from '../tables/stated-counts.js'
import { tableFacts } from '../tables/table-facts.js'
import { locatedSource, type TableInput } from '../tables/table-source.js'
import { formatCount } from '../terminal/format-table.js'
import { type Check, failed } from './check.js'
import { openProbe, type Probe } from './probe.js'

/** What a server of the configuration at `path` would share, each table read as the server and as a recipient would. */
export async function configChecks(path: string, signal: AbortSignal): Promise<readonly Check[]> {
  let config: ServeConfig
  try {
    config = await loadConfig(path)
  } catch (error) {
    return [failed('config', error)]
  }
  const probe = openProbe(config)
  try {
    const checks: Check[] = [{ name: 'config', ok: true, detail: path }]
    for (const detail of nameWarnings(config.shares))
      checks.push({ name: 'names', ok: true, warning: true, detail })
    if (config.staging) checks.push(await stagingCheck(probe.spillway, config.staging.location))
    const tables = await mapConcurrently(tablesOf(config), TABLES_AT_ONCE, table =>
      tableCheck(table, probe, signal),
    )
    return [...checks, ...tables]
  } finally {
    await probe.close()
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

const TABLES_AT_ONCE = 4

interface NamedTable {
  readonly name: TableName
  readonly source: TableInput
  /** SQL that says which partitions are shared. */
  readonly partitions: string | undefined
  readonly accessModes: readonly string[] | undefined
}

function tablesOf({ shares }: ServeConfig): readonly NamedTable[] {
  return (shares.shares ?? []).flatMap(share =>
    (share.schemas ?? []).flatMap(schema =>
      (schema.tables ?? []).map(table => ({
        name: { share: share.name, schema: schema.name, table: table.name },
        source: table,
        partitions: table.partitions,
        accessModes: table.accessModes,
      })),
    ),
  )
}

async function tableCheck(
  { name: named, source, partitions, accessModes }: NamedTable,
  probe: Probe,
  signal: AbortSignal,
): Promise<Check> {
  const name = `${named.share}.${named.schema}.${named.table}`
  try {
    const at = { kind: 'latest' } as const
    const { spillway } = probe
    const snapshot = await spillway.engine().snapshot(locatedSource(source), at, signal)
    // Throws where no query of it would be answered.
    if (partitions !== undefined) partitionGrant(parseSqlPredicate(partitions).predicate, snapshot)
    await filesInside(planScan(snapshot), { outside: new OutsideFinder() })
    const facts = await tableFacts(snapshot)
    const found = [
      `${snapshot.format} version ${snapshot.version}, ${formatCount(facts.files, 'file')}`,
      ...wrongCounts(snapshot, facts).map(wrongCountText),
      ...(await footerFacts(spillway, snapshot, facts.files)),
    ]
    if (accessModes !== undefined && !accessModes.includes('url')) {
      return { name, ok: true, detail: [...found, 'read by credentials alone'].join('; ') }
    }
    return { name, ok: true, detail: [...found, await probe.byteOf(named, signal)].join('; ') }
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
