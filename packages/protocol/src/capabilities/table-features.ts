import { childrenOf, type DataType, type Field, type TableMetadata } from '@spillway/core'

/** Reader features that a Delta log needs and its files, handed out one by one, do not. */
const LOG_ONLY: ReadonlySet<string> = new Set([
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'catalogManaged',
  'catalogOwned-preview',
])

/** The reader features that whoever reads this table's files must know, in a stable order. */
export function tableFeatures(metadata: TableMetadata): readonly string[] {
  const needed = new Set<string>()
  for (const feature of metadata.features) {
    if (!LOG_ONLY.has(feature) && isInUse(feature, metadata)) needed.add(stable(feature))
  }
  for (const field of metadata.schema.fields) addTypeFeatures(field, needed)
  return [...needed].sort()
}

/**
 * Features that none of the table's files may use, and that save a recipient who knows them from having files
 * rewritten: which slices have logs is known slice by slice, and a table keeps the vectors that it has when its settings
 * forbid new ones.
 */
export function fileFeatures(metadata: TableMetadata): readonly string[] {
  const merged = metadata.deletes === 'log-files'
  return merged || mayKeepVectors(metadata) ? ['deletionVectors'] : []
}

function mayKeepVectors(metadata: TableMetadata): boolean {
  if (isInUse('deletionVectors', metadata)) return false
  return metadata.deltaActions?.protocol.includes('"deletionVectors"') === true
}

/** True where changes can be asked for. */
export function hasChangeFeed({ changeFeed }: TableMetadata): boolean {
  return changeFeed !== 'none'
}

/** What the protocol of an answer must name besides: changes that are parts of files are said by vectors. */
export function answerFeatures(metadata: TableMetadata): readonly string[] {
  return metadata.changeFeed === 'compared' ? ['deletionVectors'] : fileFeatures(metadata)
}

/** True for features of the protocol that only reading the log takes. */
export function isLogOnly(feature: string): boolean {
  return LOG_ONLY.has(feature)
}

function isInUse(feature: string, { featuresInUse }: TableMetadata): boolean {
  return featuresInUse === undefined || featuresInUse.has(feature)
}

function stable(feature: string): string {
  return feature.replace(/-preview$/, '')
}

function addTypeFeatures(field: Field, needed: Set<string>): void {
  const feature = typeFeature(field.type)
  if (feature !== undefined) needed.add(feature)
  for (const child of childrenOf(field.type) ?? []) addTypeFeatures(child, needed)
}

function typeFeature(type: DataType): string | undefined {
  if (type === 'timestamp' || type === 'timestamp_ns') return 'timestampNtz'
  if (typeof type === 'string' || type.kind !== 'opaque') return undefined
  if (type.name === 'variant') return 'variantType'
  return /^geo(?:metry|graphy)/.test(type.name) ? 'geospatial' : undefined
}
