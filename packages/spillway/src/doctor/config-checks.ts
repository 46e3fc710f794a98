import { mapConcurrently, type Snapshot, type TableError } from '@spillway/core'
import { filesInside, OutsideFinder, partitionGrant } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { nameWarnings } from '@spillway/server'
import { loadConfig, type ServeConfig } from '../configuration/config.js'
import { type ConfigTable, tablesOf } from '../configuration/config-tables.js'
import { readTlsPair, type TlsFiles } from '../serve/tls-files.js'
import type { Composition } from '../tables/compose.js'
import { fileFacts, fileFactsText, type RecipientLine } from '../tables/file-facts.js'
import { declaredNeeds } from '../tables/recipient-kinds.js'
import { wrongCounts, wrongCountText } from '../tables/stated-counts.js'
import { type TableFacts, tableFacts } from '../tables/table-facts.js'
import { locatedSource } from '../tables/table-source.js'
import { formatCount } from '../terminal/format-table.js'
import { assetChecks } from './asset-checks.js'
import { type Check, failed } from './check.js'
import { type InTimeOptions, inTime } from './in-time.js'
import { openProbe, type Probe } from './probe.js'
import { ownFileChecks } from './shared-folders.js'
import { agentSkillChecks, publicSkillChecks, skillFolderChecks } from './skill-checks.js'
import { unreadableChecks } from './unreadable-checks.js'

/** What a server of the configuration at `path` would share, each table read as the server and as a recipient would. */
export async function configChecks(path: string, time: InTimeOptions): Promise<readonly Check[]> {
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
    checks.push(...publicSkillChecks(config.shares), ...(await ownFileChecks({ config, path })))
    if (config.server.tls) checks.push(await tlsCheck(config.server.tls))
    if (config.staging) checks.push(await stagingCheck(probe, config.staging.location, time))
    const tables = await mapConcurrently(tablesOf(config.shares), TABLES_AT_ONCE, table =>
      tableCheck(table, { probe, staging: config.staging !== undefined, time }),
    )
    const assets = await assetChecks(config.shares, probe, time)
    const skillFolders = await skillFolderChecks(config.shares, probe, time)
    const agents = await agentSkillChecks(config.shares, probe, time)
    const unreadable = await unreadableChecks(config.shares, time)
    const others = [...skillFolders, ...agents, ...unreadable, ...probe.told.map(warned)]
    return [...checks, ...tables, ...assets, ...others]
  } finally {
    await probe.close()
  }
}

/** Of a folder that can be read, and not all that is in it. */
function warned({ message, context: { path = '' } }: TableError): Check {
  return { name: 'files', ok: true, warning: true, detail: `${message}; path: ${path}` }
}

async function tlsCheck(files: TlsFiles): Promise<Check> {
  try {
    const { endsAt } = await readTlsPair(files)
    const detail = `the certificate is good until ${new Date(endsAt).toISOString()}`
    return { name: 'tls', ok: true, detail }
  } catch (error) {
    return failed('tls', error)
  }
}

async function stagingCheck(
  { spillway: { store } }: Probe,
  location: string,
  time: InTimeOptions,
): Promise<Check> {
  const path = `${location.replace(/\/+$/, '')}/.spillway-doctor-${process.pid}`
  try {
    await inTime(async () => {
      await store.put(path, new TextEncoder().encode('doctor'))
      await store.delete(path)
    }, time)
    return { name: 'staging', ok: true, detail: `${location} can be written` }
  } catch (error) {
    return failed('staging', error)
  }
}

const TABLES_AT_ONCE = 4

interface TableContext {
  readonly probe: Probe
  /** True where files can be rewritten. */
  readonly staging: boolean
  readonly time: InTimeOptions
}

async function tableCheck(table: ConfigTable, context: TableContext): Promise<Check> {
  const name = table.fullName
  try {
    const found = await inTime(signal => tableDetail(table, context, signal), context.time)
    return { name, ok: true, ...found }
  } catch (error) {
    return failed(name, error)
  }
}

/** What was found, and whether some recipients are refused it; throws where all of them are. */
async function tableDetail(
  { name, table }: ConfigTable,
  { probe, staging }: TableContext,
  signal: AbortSignal,
): Promise<Pick<Check, 'detail' | 'warning'>> {
  const at = { kind: 'latest' } as const
  const { spillway } = probe
  const { partitions, accessModes } = table
  const snapshot = await spillway.engine().snapshot(locatedSource(table), at, signal)
  // Throws where no query of it would be answered.
  if (partitions !== undefined) partitionGrant(parseSqlPredicate(partitions).predicate, snapshot)
  await filesInside(planScan(snapshot), { outside: new OutsideFinder() })
  const facts = await tableFacts(snapshot, signal)
  const { footers, recipients } = await footerFacts(spillway, snapshot, { facts, staging, signal })
  const found = [
    `${snapshot.format} version ${snapshot.version}, ${formatCount(facts.files, 'file')}`,
    ...wrongCounts(snapshot, facts).map(wrongCountText),
    ...footers,
    ...recipients.map(({ title, text }) => `${title}: ${text}`),
  ]
  const isByCredentials = accessModes !== undefined && !accessModes.includes('url')
  const read = isByCredentials ? 'read by credentials alone' : await probe.byteOf(name, signal)
  const isForAll = isByCredentials || recipients.every(({ isServed }) => isServed)
  return { detail: [...found, read].join('; '), ...(!isForAll && { warning: true }) }
}

/** Footers looked at of each table: enough to find out, and no more than a minute of an object store's time. */
const MOST_FOOTERS = 10_000

async function footerFacts(
  { shapes }: Composition,
  snapshot: Snapshot,
  {
    facts,
    staging,
    signal,
  }: { readonly facts: TableFacts; readonly staging: boolean; readonly signal: AbortSignal },
): Promise<{ readonly footers: readonly string[]; readonly recipients: readonly RecipientLine[] }> {
  const survey = await fileFacts(snapshot, { shapes, maxFiles: MOST_FOOTERS, signal })
  const needs = declaredNeeds(snapshot, facts, staging)
  const { footers, recipients } = fileFactsText(survey, { total: facts.files, needs, staging })
  return { footers: survey === undefined ? [] : [`footers: ${footers}`], recipients }
}
