import { createHmac } from 'node:crypto'
import type { AssetKind, Recipient, ShareCatalog, SharedTable } from '@spillway/core'
import { grantDigest } from '../access/grant-digest.js'
import { findFolder, folderDigest, type SharedFolder } from '../access/shared-folder.js'

/** For whom, and of what grant, the URLs of one answer are. */
export type FileAudience = { readonly recipient: Recipient } & (
  | { readonly table: SharedTable }
  | { readonly folder: SharedFolder }
)

/** URLs say it in the open, signed: names that the recipient knows, and a digest that only who holds `key` can make. */
export function audienceText(audience: FileAudience, key: string | Uint8Array): string {
  const { recipient } = audience
  const { share, schema, name } = 'table' in audience ? audience.table : audience.folder.asset
  const more = 'table' in audience ? [] : [kindText(audience.folder)]
  const digest = digestOf(audience, key)
  return JSON.stringify([recipient.id, recipient.name, share, schema, name, digest, ...more])
}

/** `volume`, `model/3`. */
function kindText({ kind, version }: SharedFolder): string {
  return version === undefined ? kind : `${kind}/${version.version}`
}

function digestOf(audience: FileAudience, key: string | Uint8Array): string {
  const digest = 'table' in audience ? grantDigest(audience.table) : folderDigest(audience.folder)
  return createHmac('sha256', key).update('audience\n').update(digest).digest('hex').slice(0, 16)
}

/**
 * What a URL was signed for, as the catalog has it now: undefined where the recipient is no longer known, or the table or
 * folder is not shared any more, or not as it was.
 */
export async function currentAudience(
  text: string | undefined,
  {
    catalog,
    keys,
    signal,
  }: {
    readonly catalog: ShareCatalog
    readonly keys: readonly (string | Uint8Array)[]
    readonly signal?: AbortSignal | undefined
  },
): Promise<FileAudience | undefined> {
  const [id, name, share, schema, thing, digest, kind] = partsOf(text)
  if (id === undefined || name === undefined || digest === undefined) return undefined
  const recipient = Object.freeze({ id, name })
  if ((await catalog.isKnown?.(recipient, signal)) === false) return undefined
  const names = { share: share!, schema: schema!, name: thing! }
  const found = await foundNow(catalog, recipient, { names, kind, signal })
  return found && keys.some(key => digestOf(found, key) === digest) ? found : undefined
}

async function foundNow(
  catalog: ShareCatalog,
  recipient: Recipient,
  asked: {
    readonly names: { readonly share: string; readonly schema: string; readonly name: string }
    readonly kind: string | undefined
    readonly signal: AbortSignal | undefined
  },
): Promise<FileAudience | undefined> {
  const { names, kind: text, signal } = asked
  if (text === undefined) {
    const table = await catalog.table(recipient, { ...names, table: names.name }, signal)
    return table && { recipient, table }
  }
  const [kind, version] = text.split('/')
  const number = version === undefined ? {} : { version: Number(version) }
  const name = { ...names, kind: kind as AssetKind, ...number }
  const folder = await findFolder(catalog, recipient, name, signal)
  return folder && { recipient, folder }
}

/** Whom and what a text names, for the log. */
export function namesIn(
  text: string | undefined,
): Readonly<Partial<Record<'recipient' | 'share' | 'schema' | 'table' | 'asset', string>>> {
  const [, recipient, share, schema, name, , kind] = partsOf(text)
  if (name === undefined) return {}
  const named = kind === undefined ? { table: name } : { asset: `${kind.split('/')[0]} ${name}` }
  return { recipient: recipient!, share: share!, schema: schema!, ...named }
}

/** An asset's kind stands behind the six of a table. */
const PARTS: readonly number[] = [6, 7]

function partsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    const parts: unknown = JSON.parse(text)
    const isText = (part: unknown): part is string => typeof part === 'string'
    return Array.isArray(parts) && PARTS.includes(parts.length) && parts.every(isText) ? parts : []
  } catch {
    return []
  }
}
