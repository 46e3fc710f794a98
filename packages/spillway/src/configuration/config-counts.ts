import { formatCount } from '../terminal/format-table.js'
import type { ServeConfig } from './config.js'
import { tablesOf } from './config-tables.js'

/** How many of each a configuration has. */
export interface ConfigCounts {
  readonly shares: number
  readonly tables: number
  readonly volumes: number
  readonly models: number
  readonly skills: number
  /** Folders whose sub-folders are skills. */
  readonly skillFolders: number
  readonly recipients: number
}

export function configCounts({ shares }: Pick<ServeConfig, 'shares'>): ConfigCounts {
  const { shares: all = [], recipients = [] } = shares
  const schemas = all.flatMap(({ schemas: own = [] }) => own)
  const countOf = (kind: 'volumes' | 'models' | 'skills' | 'skillFolders') =>
    schemas.reduce((sum, schema) => sum + (schema[kind]?.length ?? 0), 0)
  return {
    shares: all.length,
    tables: tablesOf(shares).length,
    volumes: countOf('volumes'),
    models: countOf('models'),
    skills: countOf('skills'),
    skillFolders: countOf('skillFolders'),
    recipients: recipients.length,
  }
}

/** The same on one line; of what is shared beside tables, what there is. */
export function configSummary(config: Pick<ServeConfig, 'shares'>): string {
  const { shares, tables, recipients, ...assets } = configCounts(config)
  const beside = [
    [assets.volumes, 'volume'],
    [assets.models, 'model'],
    [assets.skills, 'skill'],
    [assets.skillFolders, 'skill folder'],
  ] as const
  return [
    formatCount(shares, 'share'),
    formatCount(tables, 'table'),
    ...beside.flatMap(([count, noun]) => (count === 0 ? [] : [formatCount(count, noun)])),
    formatCount(recipients, 'recipient'),
  ].join(', ')
}
