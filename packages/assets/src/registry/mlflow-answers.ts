import type { ModelVersionStatus } from '@spillway/core'
import { unavailable } from './mlflow-api.js'

/** A version, without where its files are. */
export interface Entry {
  readonly version: number
  readonly status: ModelVersionStatus
  /** Changes whenever anything about the version does. */
  readonly updated: string
  readonly description: string | undefined
  readonly source: string | undefined
  readonly runId: string | undefined
}

export interface EntryPage {
  readonly entries: readonly Entry[]
  readonly next: string | undefined
}

export interface Aliases {
  readonly byVersion: ReadonlyMap<number, readonly string[]>
  /** Of each alias in lower case the version that it means. */
  readonly versions: ReadonlyMap<string, number>
}

/** What is used of an answer about a model: everything else is let go. */
export function aliasesIn(found: unknown): Aliases {
  const byVersion = new Map<number, string[]>()
  const versions = new Map<string, number>()
  for (const each of listIn(memberOf(found, 'registered_model'), 'aliases')) {
    const [alias, version] = [textIn(each, 'alias'), Number(textIn(each, 'version'))]
    if (alias === undefined || !Number.isSafeInteger(version)) continue
    const known = byVersion.get(version)
    if (known === undefined) byVersion.set(version, [alias])
    else known.push(alias)
    const lower = alias.toLowerCase()
    if (!versions.has(lower)) versions.set(lower, version)
  }
  return { byVersion, versions }
}

export function entryPageIn(found: unknown): EntryPage {
  const entries = listIn(found, 'model_versions').map(entryOf)
  return { entries, next: textIn(found, 'next_page_token') || undefined }
}

export function entryIn(found: unknown): Entry {
  return entryOf(memberOf(found, 'model_version'))
}

export function locationIn(found: unknown): string {
  return textIn(found, 'artifact_uri') ?? ''
}

/** About what it takes in memory. */
export function bytesOfAliases({ versions }: Aliases): number {
  let bytes = 0
  for (const alias of versions.keys()) bytes += 4 * alias.length + BYTES_OF_ONE
  return bytes
}

export function bytesOfEntries(entries: readonly Entry[]): number {
  return entries.reduce((bytes, entry) => bytes + bytesOfEntry(entry), 0)
}

export function bytesOfEntry({ updated, description, source, runId }: Entry): number {
  const texts = [updated, description, source, runId]
  return texts.reduce((bytes, text) => bytes + 2 * (text?.length ?? 0), BYTES_OF_ONE)
}

/** Whatever its texts are. */
const BYTES_OF_ONE = 200

const STATUSES: readonly ModelVersionStatus[] = [
  'PENDING_REGISTRATION',
  'FAILED_REGISTRATION',
  'READY',
]

function entryOf(found: unknown): Entry {
  const version = Number(textIn(found, 'version'))
  const said = textIn(found, 'status') ?? 'READY'
  const status = STATUSES.find(each => each === said)
  if (!Number.isSafeInteger(version) || version < 1 || status === undefined) {
    throw unavailable('a version has no number or no status that is known', { retryable: false })
  }
  return {
    version,
    status,
    updated: textIn(found, 'last_updated_timestamp') ?? '',
    description: textIn(found, 'description') || undefined,
    source: textIn(found, 'source') || undefined,
    runId: textIn(found, 'run_id') || undefined,
  }
}

function memberOf(document: unknown, key: string): unknown {
  return typeof document === 'object' && document !== null
    ? (document as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function listIn(document: unknown, key: string): readonly unknown[] {
  const found = memberOf(document, key)
  return Array.isArray(found) ? found : []
}

/** Numbers stand as texts in some versions of the server. */
function textIn(document: unknown, key: string): string | undefined {
  const found = memberOf(document, key)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}
