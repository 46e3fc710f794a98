import type { SharesConfig } from '@spillway/server'
import { loadConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import { sameName } from '../edit/named-lists.js'
import { formatTable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions, nextCommand } from './manage-options.js'

type ShareConfig = NonNullable<SharesConfig['shares']>[number]

/** `spillway share list`: every share with what is in it, where it lies and who is granted it. */
export async function shareListCommand(options: ManageOptions, terminal: Terminal): Promise<void> {
  const { shares } = await loadConfig(configPath(options, terminal))
  const found = (shares.shares ?? []).map(share => ({
    name: share.name,
    recipients: (shares.recipients ?? [])
      .filter(({ shares: granted = [] }) =>
        granted.some(each => each === '*' || sameName(each, share.name)),
      )
      .map(recipient => recipient.name),
    tables: tablesOf({ shares: [share] }).map(({ fullName, table }) => ({
      name: fullName,
      location: table.location,
      format: table.format ?? null,
    })),
    ...assetsOf(share),
  }))
  const style = styleFor(terminal.stdout, terminal.environment)
  const rows = found.flatMap(each => rowsOf(each))
  const titles = [
    { title: 'shared' },
    { title: 'kind' },
    { title: 'location' },
    { title: 'granted to' },
  ]
  const lines =
    rows.length === 0
      ? [`nothing is shared: ${nextCommand('share add LOCATION', options)} adds a table`]
      : formatTable(titles, rows, style)
  await answer({ facts: { shares: found }, lines }, options, terminal)
}

type Listed = ReturnType<typeof assetsOf> & {
  readonly name: string
  readonly recipients: readonly string[]
  readonly tables: readonly { readonly name: string; readonly location: string }[]
}

function assetsOf({ name: share, schemas = [] }: ShareConfig) {
  const placed = schemas.map(each => ({ ...each, at: `${share}.${each.name}` }))
  return {
    volumes: placed.flatMap(({ at, volumes = [] }) =>
      volumes.map(({ name, location, digests = false }) => ({
        ...{ name: `${at}.${name}`, location, digests },
      })),
    ),
    models: placed.flatMap(({ at, models = [] }) =>
      models.map(({ name, versions = [], registry, registeredName, digests = false }) => ({
        ...{ name: `${at}.${name}`, digests, registry: registry ?? null },
        registeredName: registry === undefined ? null : (registeredName ?? name),
        versions: versions.map(({ version, location, aliases = [], status = 'READY' }) => ({
          ...{ version, location, aliases: [...aliases], status },
        })),
      })),
    ),
    skills: placed.flatMap(({ at, skills = [] }) =>
      skills.map(({ name, location, digests = false, public: isPublic = false }) => ({
        ...{ name: `${at}.${name}`, location, digests, public: isPublic },
      })),
    ),
    skillFolders: placed.flatMap(({ at, skillFolders = [] }) =>
      skillFolders.map(({ location, digests = false }) => ({
        ...{ schema: at, location },
        ...(digests && { digests }),
      })),
    ),
  }
}

/** A line for each thing, and for each version of a model; one for a share of nothing. */
function rowsOf(share: Listed): readonly (readonly string[])[] {
  const { tables, volumes, models, skills, skillFolders } = share
  const rows = [
    ...tables.map(each => [each.name, 'table', each.location]),
    ...volumes.map(each => [each.name, 'volume', each.location]),
    ...models.flatMap(each =>
      each.registry !== null || each.versions.length === 0
        ? [[each.name, 'model', originOf(each)]]
        : each.versions.map(({ version, location, aliases }) => {
            const also = aliases.map(alias => `, @${alias}`).join('')
            return [`${each.name}@${version}${also}`, 'model', location]
          }),
    ),
    ...skills.map(each => [each.name, each.public ? 'skill, public' : 'skill', each.location]),
    ...skillFolders.map(each => [each.schema, 'skill-folder', each.location]),
  ]
  const granted = share.recipients.join(', ')
  return (rows.length === 0 ? [[share.name, '', '']] : rows).map(row => [...row, granted])
}

function originOf({ registry, registeredName }: Listed['models'][number]): string {
  return registry === null ? 'no version yet' : `${registeredName} of registry ${registry}`
}
