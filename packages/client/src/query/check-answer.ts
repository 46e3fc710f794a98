import { TableError } from '@spillway/core'
import type { ResponseFormat } from '@spillway/protocol/wire'
import { unusable } from '../http/http.js'
import type { ActionPage, ProtocolAction } from './read-actions.js'

/** What this client says that it understands. */
export interface ClientCapabilities {
  readonly formats: readonly ResponseFormat[]
  readonly readerFeatures?: readonly string[]
}

/** Everything the delta format may use that `@spillway/duckdb` can read. */
export const DEFAULT_CAPABILITIES: Required<ClientCapabilities> = {
  formats: ['parquet', 'delta'],
  readerFeatures: [
    'deletionvectors',
    'columnmapping',
    'timestampntz',
    'typewidening',
    'typewidening-preview',
    'varianttype',
    'varianttype-preview',
    'variantshredding',
    'variantshredding-preview',
  ],
}

/**
 * For whoever reads each file as plain Parquet and nothing else: every file that comes holds rows of the table alone, under the
 * table's names; a table for which the server has no such files is refused.
 */
export const PLAIN_FILES: Required<ClientCapabilities> = {
  formats: ['parquet', 'delta'],
  readerFeatures: ['timestampntz'],
}

/** The `delta-sharing-capabilities` header of a request. */
export function capabilitiesText(
  { formats, readerFeatures = [] }: ClientCapabilities,
  ask: { readonly end?: boolean; readonly asyncQuery?: boolean } = {},
): string {
  return [
    `responseformat=${formats.join(',')}`,
    ...(readerFeatures.length > 0 ? [`readerfeatures=${readerFeatures.join(',')}`] : []),
    ...(ask.end ? ['includeendstreamaction=true'] : []),
    ...(ask.asyncQuery ? ['asyncquery=true'] : []),
  ].join(';')
}

/** Features of a table's log, which recipients never read. */
const LOG_ONLY: ReadonlySet<string> = new Set(['v2checkpoint', 'vacuumprotocolcheck'])

/** Capabilities, as `capabilitiesText` has them, in the headers of a request. */
export function capabilitiesHeader(text: string): Readonly<Record<string, string>> {
  return { 'delta-sharing-capabilities': text }
}

/**
 * Refuses an answer about another version, or one that needs more than was said to be understood: read on, it would
 * give other rows than were asked for. A server that ignores the header answers in parquet format, which everybody reads.
 */
export function checkAnswer(
  page: ActionPage,
  asked: { readonly capabilities: ClientCapabilities; readonly version?: bigint | undefined },
): ActionPage {
  const { version, format, protocol } = page
  if (asked.version !== undefined && version !== undefined && asked.version !== version)
    throw unusable(`version ${asked.version} was asked for, and it is of version ${version}`)
  if (format === 'delta' && !asked.capabilities.formats.includes('delta'))
    throw unusable('it is in delta format, and parquet was asked for')
  const missing = featuresOf(protocol).filter(feature => !understands(asked.capabilities, feature))
  if (missing.length === 0) return page
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table uses ${missing.join(', ')}, which this client did not say it understands; list it in readerFeatures if what reads the files does`,
    { context: { feature: missing.join(',') } },
  )
}

function featuresOf({ kind, protocol }: ProtocolAction): readonly string[] {
  const reader = Number(protocol.minReaderVersion)
  if (reader <= 1) return []
  if (kind === 'deltaProtocol' && reader === 2) return ['columnMapping']
  if (kind === 'deltaProtocol' && reader === 3) return protocol.readerFeatures ?? []
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table needs a reader of version ${reader} of the ${kind === 'protocol' ? 'parquet' : 'delta'} format, which this client is not`,
    { context: { feature: `minReaderVersion ${reader}` } },
  )
}

function understands({ readerFeatures = [] }: ClientCapabilities, feature: string): boolean {
  const needed = feature.toLowerCase()
  const stable = needed.replace(/-preview$/, '')
  return (
    LOG_ONLY.has(needed) ||
    readerFeatures.some(each => [needed, stable].includes(each.toLowerCase()))
  )
}
