import {
  type Accepts,
  type Field,
  fixedBinaryColumns,
  type TableMetadata,
  type TableSource,
} from '@spillway/core'
import type { ResponseFormat } from '../actions/actions.js'
import { requireSayable } from '../json/schema-string.js'
import type { Capabilities } from './capabilities.js'
import {
  columnLookup,
  declaredPartitionFields,
  mapsColumns,
  misreadTimes,
} from './column-lookup.js'
import { FIXED_BINARY, featuresRefusal, fixedBinaryRefusal } from './negotiation-refusals.js'
import { widensNested } from './nested-widening.js'
import { fileFeatures, tableFeatures } from './table-features.js'

/** What one table's answers to one client look like. */
export interface Negotiated {
  readonly format: ResponseFormat
  readonly accepts: Accepts
  /** Reader features that the answer's protocol and files may use; empty in parquet format. */
  readonly features: ReadonlySet<string>
  /** Columns that the answer declares to be partition columns: it follows a table's metadata alone. */
  readonly partitionFields: (table: TableMetadata) => readonly Field[]
}

/** Row-level features: a provider with staging can rewrite the files of a table that uses them. */
const REWRITABLE: ReadonlySet<string> = new Set([
  'deletionVectors',
  'columnMapping',
  'typeWidening',
  'initialDefaults',
  'mergeLogs',
  'schemaOnRead',
  FIXED_BINARY,
])

/**
 * Longest bitmap that is put into a line: 13,107 groups of five characters for four bytes each. Delta for Spark passes
 * the descriptor on with `writeUTF`, which takes 65,535 bytes; delta-kernel and Delta's protocol know no limit. What a Delta
 * log has inline itself is passed on all the same: whoever reads the table there meets it too.
 */
const INLINE_VECTOR_BYTES = 52_428

export interface NegotiateOptions {
  readonly canRewrite: boolean
  /** What becomes of files that still hold dropped columns. */
  readonly redactDropped?: TableSource['redactDropped'] | undefined
}

/** Where some files of a table with a Delta log are rewritten without their dropped columns, none may need its names mapped. */
function featuresFor(
  { readerFeatures, reader }: Capabilities,
  metadata: TableMetadata,
  { canRewrite, redactDropped }: NegotiateOptions,
): ReadonlySet<string> {
  const { deltaActions, shapesFrom } = metadata
  const isMixed = canRewrite && redactDropped === 'rewrite'
  if (isMixed && deltaActions !== undefined && shapesFrom !== 'footers')
    return withoutTableWide(readerFeatures)
  if (reader !== 'python' || !widensNested(metadata)) return readerFeatures
  return new Set([...readerFeatures].filter(feature => !feature.startsWith('typeWidening')))
}

/**
 * The format a table is answered in. It follows what the table declares, never which files survive, so that it is the
 * same on every endpoint and page. A plain table is sent as parquet to a client that reads both; one whose files may have
 * log files is not, to a client whose vectors save it from whole files rewritten, nor one that pandas would read otherwise.
 */
export function negotiate(
  capabilities: Capabilities,
  metadata: TableMetadata,
  options: NegotiateOptions,
): Negotiated {
  const { formats } = capabilities
  const readerFeatures = featuresFor(capabilities, metadata, options)
  const all = tableFeatures(metadata)
  // Where each file's footer tells whether it needs them, they are no reason to refuse the table.
  const needed = all.filter(feature => !isByFile(feature, metadata))
  const wanted = all.filter(feature => isByFile(feature, metadata))
  const rewritten = (feature: string) => options.canRewrite && REWRITABLE.has(feature)
  const missing = needed.filter(feature => !understands(readerFeatures, feature))
  // delta-kernel in Python refuses fixed-length bytes where a schema says binary.
  const fixed = capabilities.reader === 'python' ? fixedBinaryColumns(metadata) : []
  if (fixed.length > 0) missing.push(FIXED_BINARY)
  const hardForDelta = missing.filter(feature => !rewritten(feature))
  const hardForParquet = needed.filter(feature => !rewritten(feature))
  const delta = formats.includes('delta')
  const parquet = formats.includes('parquet')
  const unused = [...metadata.features].filter(
    feature => !all.includes(feature) && !PER_FILE.has(feature),
  )
  const answers = answersTo(capabilities, unused)

  const perFile = fileFeatures(metadata)
  const understood = (feature: string) => understands(readerFeatures, feature)
  const useful =
    (perFile.length > 0 && perFile.every(understood)) ||
    wanted.some(understood) ||
    metadata.holdsPandasIndexes === true ||
    mapsColumns(metadata, { format: 'delta', features: readerFeatures }) ||
    partitionsMore(metadata, readerFeatures)

  if (parquet && needed.length === 0 && !(delta && useful)) return answers.parquet()
  if (delta && missing.length === 0) return answers.delta(readerFeatures)
  // Where every file is rewritten there is nothing left for the delta format to say.
  const whole = missing.some(feature => TABLE_WIDE.has(feature))
  if (parquet && whole && hardForParquet.length === 0) return answers.parquet()
  if (delta && hardForDelta.length === 0) {
    return answers.delta(withoutTableWide(readerFeatures), fixed.length === 0)
  }
  if (parquet && hardForParquet.length === 0) return answers.parquet()
  // What no format can say is told first: whoever asks otherwise would be refused for it all the same.
  requireSayable(metadata.schema)
  const declared = delta ? hardForDelta.filter(each => each !== FIXED_BINARY) : hardForParquet
  if (declared.length === 0) {
    throw fixedBinaryRefusal(fixed, { parquetRefuses: needed, mayBeRenamed: wanted.length > 0 })
  }
  throw featuresRefusal(declared, {
    needed,
    accepted: capabilities.readerFeatures,
    pythonRefuses: !options.canRewrite && fixedBinaryColumns(metadata).length > 0,
    isRewritable: declared.every(feature => REWRITABLE.has(feature)),
  })
}

/** True where files of several partition specs can be sent in parts, which takes vectors. */
function partitionsMore(metadata: TableMetadata, features: ReadonlySet<string>): boolean {
  const [inParts, whole] = (['delta', 'parquet'] as const).map(
    format => declaredPartitionFields(metadata, { format, features }).length,
  )
  return inParts! > whole!
}

const TABLE_WIDE: ReadonlySet<string> = new Set([
  'columnMapping',
  'typeWidening',
  'typeWidening-preview',
  'initialDefaults',
  FIXED_BINARY,
])

/**
 * A rewritten file has the table's own names and types. Beside such files none may be sent that needs them mapped, so
 * where anything has to be rewritten, whatever is mapped is rewritten as well.
 */
function withoutTableWide(features: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...features].filter(feature => !TABLE_WIDE.has(feature)))
}

/** A table may have files that use these although its properties say that new ones will not. */
const PER_FILE: ReadonlySet<string> = new Set(['deletionVectors', 'mergeLogs'])

/** Features that only change how columns are found in a file, which its footer tells. */
const BY_FILE: ReadonlySet<string> = new Set([
  'columnMapping',
  'typeWidening',
  'typeWidening-preview',
  'initialDefaults',
])

function isByFile(feature: string, { shapesFrom }: TableMetadata): boolean {
  return shapesFrom === 'footers' && BY_FILE.has(feature)
}

/** `unused`: declared by the table and not in use, so nobody need understand it. */
function answersTo({ reader }: Capabilities, unused: readonly string[]) {
  return {
    parquet: (): Negotiated => {
      const answer = { format: 'parquet', features: new Set<string>() } as const
      return {
        ...answer,
        partitionFields: table => declaredPartitionFields(table, answer),
        accepts: {
          features: new Set(unused),
          inlineVectorBytes: 0,
          lookup: table => columnLookup(table, { ...answer, reader }),
          misreads: misreadTimes({ ...answer, reader }),
        },
      }
    },
    delta(features: ReadonlySet<string>, fixedBinary = true): Negotiated {
      const answer = { format: 'delta', features } as const
      const accepted = new Set([...features, ...unused])
      if (features.has('typeWidening-preview')) accepted.add('typeWidening')
      return {
        ...answer,
        partitionFields: table => declaredPartitionFields(table, answer),
        accepts: {
          features: accepted,
          inlineVectorBytes: INLINE_VECTOR_BYTES,
          ...(!fixedBinary && { fixedBinary }),
          lookup: table => columnLookup(table, { ...answer, reader }),
          misreads: misreadTimes({ ...answer, reader }),
        },
      }
    },
  }
}

function understands(features: ReadonlySet<string>, needed: string): boolean {
  return features.has(needed) || features.has(`${needed}-preview`)
}
