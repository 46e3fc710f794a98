import { READER_FEATURES, TableError } from '@spillway/core'
import type { ResponseFormat } from '../actions/actions.js'
import { type ReaderKind, readerKind } from './column-lookup.js'
import { shownValue } from './shown-value.js'

/** The `delta-sharing-capabilities` request header, as far as it was understood. */
export interface Capabilities {
  /** In the client's order; parquet when it did not say. */
  readonly formats: readonly ResponseFormat[]
  /** Canonical spelling where known, else lower case. */
  readonly readerFeatures: ReadonlySet<string>
  readonly includeEndStreamAction: boolean
  readonly asyncQuery: boolean
  readonly reader: ReaderKind
}

/** Reader features by their lower-case spelling: clients disagree about the case. */
const CANONICAL = new Map(READER_FEATURES.map(feature => [feature.toLowerCase(), feature]))

/** Keys and values are case-insensitive and in any order; unknown ones are ignored, so that old servers meet new clients. */
export function parseCapabilities(
  header: string | null | undefined,
  userAgent?: string | null,
): Capabilities {
  const values = new Map<string, readonly string[]>()
  for (const part of (header ?? '').toLowerCase().split(';')) {
    const [key, value = ''] = part.split('=', 2)
    const listed = value.split(',').map(item => item.trim())
    values.set(
      key!.trim(),
      listed.filter(item => item !== ''),
    )
  }
  return {
    formats: formatsOf(values.get('responseformat')),
    readerFeatures: new Set(
      (values.get('readerfeatures') ?? []).map(feature => CANONICAL.get(feature) ?? feature),
    ),
    includeEndStreamAction: values.get('includeendstreamaction')?.[0] === 'true',
    asyncQuery: values.get('asyncquery')?.[0] === 'true',
    reader: readerKind(userAgent),
  }
}

function formatsOf(asked: readonly string[] | undefined): readonly ResponseFormat[] {
  if (asked === undefined || asked.length === 0) return ['parquet']
  const known = asked.filter(format => format === 'parquet' || format === 'delta')
  if (known.length > 0) return known
  throw new TableError(
    'INVALID_REQUEST',
    `responseformat must name parquet, delta or both, not ${shownValue(asked.join(','))}`,
  )
}

/** The response header. Lower case, without spaces: one client looks for it literally. */
export function capabilitiesHeader(
  format: ResponseFormat,
  options: { readonly includeEndStreamAction?: boolean; readonly asyncQuery?: boolean } = {},
): string {
  const end = options.includeEndStreamAction ? ';includeendstreamaction=true' : ''
  return `responseformat=${format}${end}${options.asyncQuery ? ';asyncquery=true' : ''}`
}
