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
 * rewritten: which slices of a Hudi table have logs is known slice by slice, and a Delta table keeps the vectors that it
 * has when its property forbids new ones.
 */
export function fileFeatures(metadata: TableMetadata): readonly string[] {
  const { format, properties } = metadata
  const merged = format === 'hudi' && properties.get('hudi.queryType') === 'snapshot'
  return merged || mayKeepVectors(metadata) ? ['deletionVectors'] : []
}

function mayKeepVectors(metadata: TableMetadata): boolean {
  const { native } = metadata
  if (native.format !== 'delta' || isInUse('deletionVectors', metadata)) return false
  return native.protocol.includes('"deletionVectors"')
}

/** True where changes can be asked for: Delta tables say so themselves, and the logs of others always can. */
export function hasChangeFeed({ format, properties }: TableMetadata): boolean {
  if (format !== 'delta') return format === 'iceberg' || format === 'hudi'
  return properties.get('delta.enableChangeDataFeed')?.toLowerCase() === 'true'
}

/** What the protocol of an answer must name besides: changes of other formats are parts of files, said by vectors. */
export function answerFeatures(metadata: TableMetadata): readonly string[] {
  const parts = metadata.format !== 'delta' && hasChangeFeed(metadata)
  return parts ? ['deletionVectors'] : fileFeatures(metadata)
}

/** True for features of the protocol that only reading the log takes. */
export function isLogOnly(feature: string): boolean {
  return LOG_ONLY.has(feature)
}

/** A Delta protocol lists what a table may use; its properties say what it does. */
function isInUse(feature: string, { native, properties }: TableMetadata): boolean {
  if (native.format !== 'delta') return true
  switch (feature) {
    case 'deletionVectors':
      return properties.get('delta.enableDeletionVectors')?.toLowerCase() === 'true'
    case 'columnMapping':
      return (properties.get('delta.columnMapping.mode') ?? 'none').toLowerCase() !== 'none'
    case 'typeWidening':
    case 'typeWidening-preview':
      return native.metaData.includes('delta.typeChanges')
    // Types say for themselves whether they are used.
    case 'timestampNtz':
    case 'variantType':
    case 'variantType-preview':
    case 'variantShredding':
    case 'variantShredding-preview':
    case 'geospatial':
      return false
    default:
      return true
  }
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
  if (type === 'timestamp') return 'timestampNtz'
  if (typeof type === 'string' || type.kind !== 'opaque') return undefined
  if (type.name === 'variant') return 'variantType'
  return /^geo(?:metry|graphy)/.test(type.name) ? 'geospatial' : undefined
}
