import { createHmac } from 'node:crypto'
import type { Recipient, ShareCatalog, SharedTable } from '@spillway/core'
import { grantDigest } from '../access/grant-digest.js'

/** For whom, and of what grant, the URLs of one answer are. */
export interface FileAudience {
  readonly recipient: Recipient
  readonly table: SharedTable
}

/** URLs say it in the open, signed: names that the recipient knows, and a digest that only who holds `key` can make. */
export function audienceText({ recipient, table }: FileAudience, key: string | Uint8Array): string {
  const { share, schema, name } = table
  return JSON.stringify([recipient.id, recipient.name, share, schema, name, digestOf(table, key)])
}

function digestOf(table: SharedTable, key: string | Uint8Array): string {
  const digest = grantDigest(table)
  return createHmac('sha256', key).update('audience\n').update(digest).digest('hex').slice(0, 16)
}

/**
 * What a URL was signed for, as the catalog has it now: undefined where the recipient is no longer known, or the table is
 * not shared any more, or not as it was.
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
  const [id, name, share, schema, table, digest] = partsOf(text)
  if (id === undefined || name === undefined || digest === undefined) return undefined
  const recipient = Object.freeze({ id, name })
  if ((await catalog.isKnown?.(recipient, signal)) === false) return undefined
  const names = { share: share!, schema: schema!, table: table! }
  const found = await catalog.table(recipient, names, signal)
  const isSame = found !== undefined && keys.some(key => digestOf(found, key) === digest)
  return isSame ? { recipient, table: found } : undefined
}

/** Whom and which table a text names, for the log. */
export function namesIn(
  text: string | undefined,
): Readonly<Partial<Record<'recipient' | 'share' | 'schema' | 'table', string>>> {
  const [, recipient, share, schema, table] = partsOf(text)
  return table === undefined ? {} : { recipient: recipient!, share: share!, schema: schema!, table }
}

const PARTS = 6

function partsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    const parts: unknown = JSON.parse(text)
    const isText = (part: unknown): part is string => typeof part === 'string'
    return Array.isArray(parts) && parts.length === PARTS && parts.every(isText) ? parts : []
  } catch {
    return []
  }
}
