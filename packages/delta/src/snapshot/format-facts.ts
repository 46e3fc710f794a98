import type { FormatFacts } from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'

type Documented = Pick<DeltaMetadata, 'configuration' | 'document' | 'columnMappingMode'>

/** What a version's documents say of how its data is kept; `protocol` is the action's JSON. */
export function formatFacts(
  metadata: Documented,
  protocol: string,
  features: ReadonlySet<string>,
): FormatFacts {
  const { configuration, document, columnMappingMode } = metadata
  return {
    // The mode that counts: in lower case, and none where the protocol does not allow it, whatever the property says.
    columnMatching: columnMappingMode === 'id' ? { by: 'id', withoutIds: 'name' } : { by: 'name' },
    deletes: 'delta-vectors',
    changeFeed: isTrue(configuration.get('delta.enableChangeDataFeed')) ? 'recorded' : 'none',
    // Files do not hold partition columns, or hold them beside a log that wins (materializePartitionColumns).
    partitionValues: 'metadata',
    modificationTimes: 'file',
    featuresInUse: featuresInUse(metadata, features),
    deltaActions: { protocol, metaData: document },
  }
}

/** A protocol lists what a table may use; its properties say what it does. */
function featuresInUse(
  { configuration, document }: Documented,
  features: ReadonlySet<string>,
): ReadonlySet<string> {
  const isInUse = (feature: string) => {
    switch (feature) {
      case 'columnMapping':
        return (configuration.get('delta.columnMapping.mode') ?? 'none').toLowerCase() !== 'none'
      case 'typeWidening':
      case 'typeWidening-preview':
        return document.includes('delta.typeChanges')
      default:
        return !BY_SETTING.has(feature)
    }
  }
  const used = new Set([...features].filter(isInUse))
  // Files may keep vectors that the property forbids to write, and it may allow them where no file has any.
  if (isTrue(configuration.get('delta.enableDeletionVectors'))) used.add('deletionVectors')
  return used
}

/** Features that a property says, or the types of the schema by themselves. */
const BY_SETTING: ReadonlySet<string> = new Set([
  'deletionVectors',
  'timestampNtz',
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
  'geospatial',
])

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true'
}
