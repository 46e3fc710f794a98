import type { SignedEntry } from '@spillway/server'
import { assetFolders } from '../assets/located-assets.js'
import type { ServeConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import type { Named } from '../edit/dropped.js'

/** What a running server has signed, since when it runs. */
export interface Held {
  readonly since: number
  readonly signed: readonly SignedEntry[]
}

/** Access that nobody can call back, and until when. */
export interface Remaining {
  readonly recipient: string
  /** `share.schema.name`, of a table or of another kind. */
  readonly table: string
  readonly at: string
  readonly until: string
}

const ASK_MS = 5000

/** What a running server has signed; undefined where none answers. */
export async function askServer({ server }: ServeConfig): Promise<Held | undefined> {
  if (server.admin === undefined) return undefined
  const { host, port } = server.admin
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/signed`
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })
    return answer.ok ? ((await answer.json()) as Held) : undefined
  } catch {
    return undefined
  }
}

/** Whether anything lies in an object store, whose URLs and credentials are good without the server. */
export function sharesObjects({ shares, staging, registries }: ServeConfig): boolean {
  const places = [
    ...tablesOf(shares).flatMap(({ table: { location, auxiliaryLocations = [], rebase = [] } }) => [
      location,
      ...auxiliaryLocations,
      ...rebase.map(({ to }) => to),
    ]),
    ...assetFolders(shares).map(({ location }) => location),
    ...Object.values(registries).flatMap(({ locations }) => locations),
    staging?.location ?? '',
  ]
  return places.some(each => /^(?!file:)[a-z]\w*:/i.test(each))
}

/** Of what was signed, what only its storage could refuse. */
export function remainingOf({
  revoked,
  held,
  config,
  before,
}: {
  readonly revoked: Named
  readonly held: Held | undefined
  readonly config: ServeConfig
  readonly before: number
}): readonly Remaining[] {
  return (held?.signed ?? [])
    .filter(({ until, at }) => until > before && !isOwn(at, config))
    .filter(entry => concerns(entry, revoked))
    .map(({ recipient, share, schema, table, at, until }) => ({
      recipient,
      table: `${share}.${schema}.${table}`,
      at,
      until: new Date(until).toISOString(),
    }))
}

/** The server's own URLs end with the grant. */
function isOwn(at: string, { server }: ServeConfig): boolean {
  const own = server.publicUrl ?? `${server.tls ? 'https' : 'http'}://${server.host}:${server.port}`
  return at === new URL(own).origin
}

function concerns(entry: SignedEntry, { kind, names }: Named): boolean {
  const [first, schema, name] = names.map(each => each.toLowerCase())
  if (kind === 'recipient') return entry.recipient.toLowerCase() === first
  // Whoever reads by an alias reads the version, which stays shared.
  if (kind === 'alias' || entry.share.toLowerCase() !== first) return false
  if (kind === 'share') return true
  if (entry.schema.toLowerCase() !== schema) return false
  if (kind === 'schema') return true
  // Which folder a skill was found in, and which version of a model was read, is not kept: all are told.
  if (kind === 'skill-folder') return entry.asset === 'skill'
  const asset = kind === 'model version' ? 'model' : kind === 'table' ? undefined : kind
  return entry.asset === asset && entry.table.toLowerCase() === name
}
