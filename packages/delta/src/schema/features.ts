import { TableError } from '@spillway/core'
import { parseJsonWithin } from '@spillway/encoding'
import { z } from 'zod'
import { SENTENCE_CHARACTERS, shownText } from '../values/shown-text.js'

const protocolSchema = z.object({
  minReaderVersion: z.number().int(),
  minWriterVersion: z.number().int().nullish(),
  readerFeatures: z.array(z.string()).nullish(),
  writerFeatures: z.array(z.string()).nullish(),
})

export interface Protocol {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures: readonly string[]
  readonly writerFeatures: readonly string[]
}

const FEATURES_READER_VERSION = 3
const FEATURES_WRITER_VERSION = 7

/** Reader features this package fulfils. PROTOCOL.md, "Valid Feature Names in Table Features". */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
  'geospatial',
])

/** Features that say how to read the log, which is over once it is read: nothing a recipient must know. */
const LOG_ONLY: ReadonlySet<string> = new Set(['v2Checkpoint', 'vacuumProtocolCheck'])

/** A protocol action, checked: what we do not understand is refused by name. */
export function parseProtocol(json: string): Protocol {
  const parsed = protocolSchema.safeParse(parseJsonWithin(json, 'a protocol action'))
  if (!parsed.success) {
    throw new TableError('TABLE_CORRUPT', 'the protocol action is malformed', {
      cause: parsed.error,
    })
  }
  const protocol = {
    minReaderVersion: parsed.data.minReaderVersion,
    minWriterVersion: parsed.data.minWriterVersion ?? 0,
    readerFeatures: parsed.data.readerFeatures ?? [],
    writerFeatures: parsed.data.writerFeatures ?? [],
  }
  checkVersions(protocol, parsed.data.readerFeatures != null)
  const unknown = protocol.readerFeatures.filter(feature => !UNDERSTOOD.has(feature))
  if (unknown.length > 0) throw unsupportedFeatures(unknown)
  return protocol
}

function checkVersions(protocol: Protocol, listsFeatures: boolean): void {
  const { minReaderVersion, minWriterVersion } = protocol
  if (minReaderVersion < 1 || minReaderVersion > FEATURES_READER_VERSION) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `the table asks for Delta reader version ${minReaderVersion}; versions 1 to ${FEATURES_READER_VERSION} are read`,
      { context: { minReaderVersion } },
    )
  }
  if (minReaderVersion < FEATURES_READER_VERSION) return
  if (!listsFeatures || minWriterVersion !== FEATURES_WRITER_VERSION) {
    throw new TableError(
      'TABLE_CORRUPT',
      `reader version 3 goes with writer version 7 and a list of reader features; found writer version ${minWriterVersion}${listsFeatures ? '' : ' and no list'}`,
      { context: { minReaderVersion, minWriterVersion } },
    )
  }
}

function unsupportedFeatures(unknown: readonly string[]): TableError {
  const managed = unknown.some(name => /^catalog(Managed|Owned)/.test(name))
  const hint = managed ? ': its commits are known to its catalog only' : ''
  const names = unknown.map(name => shownText(name))
  const listed = shownText(names.join(', '), SENTENCE_CHARACTERS)
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table needs reader features that are not supported: ${listed}${hint}`,
    { context: { features: shownText(names.join(','), SENTENCE_CHARACTERS) } },
  )
}

/** Features a reader of data files has to handle, as far as the protocol tells. */
export function dataFeatures(protocol: Protocol): Set<string> {
  const features = new Set(protocol.readerFeatures.filter(feature => !LOG_ONLY.has(feature)))
  // Whether these two matter is up to the metadata and the files.
  features.delete('columnMapping')
  features.delete('deletionVectors')
  return features
}

/** Column mapping is in force only where the protocol allows it; elsewhere the property is just text. */
export function allowsColumnMapping(protocol: Protocol): boolean {
  return protocol.minReaderVersion === 2 || protocol.readerFeatures.includes('columnMapping')
}
