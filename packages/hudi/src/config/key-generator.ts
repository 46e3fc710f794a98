import type { PropertyReader } from './property-reader.js'

/** How a partition's path spells a column: its value, a formatted time, or in a way that is not known. */
export type PathSpelling = 'plain' | 'timestamp' | 'unknown'

/** Key generators by what the paths that they write say of the partition columns. */
type KeyGenerator = 'none' | 'plain' | 'timestamp' | 'custom' | 'foreign'

interface Partitioning {
  /** Names of the partition columns, in the order of the path's segments. */
  readonly partitionFields: readonly string[]
  /** One a partition field. */
  readonly pathSpellings: readonly PathSpelling[]
}

/** Custom key generators write `field:TYPE` pairs; the path has the fields in this order. */
export function partitioningOf(reader: PropertyReader, keyGenerator: KeyGenerator): Partitioning {
  if (keyGenerator === 'none') return { partitionFields: [], pathSpellings: [] }
  const entries = reader.list('hoodie.table.partition.fields').map(entry => {
    const [, field, type] = /^(.*?)(?::(simple|timestamp))?$/i.exec(entry)!
    return { field: field!, type: type?.toLowerCase() }
  })
  return {
    partitionFields: entries.map(({ field }) => field),
    pathSpellings: entries.map(({ type }) => spellingOf(keyGenerator, type)),
  }
}

function spellingOf(keyGenerator: KeyGenerator, type: string | undefined): PathSpelling {
  if (keyGenerator === 'plain' || keyGenerator === 'timestamp') return keyGenerator
  if (keyGenerator !== 'custom' || type === undefined) return 'unknown'
  return type === 'timestamp' ? 'timestamp' : 'plain'
}

/** The type, or the class without its package, in lower case. */
export function keyGeneratorName(reader: PropertyReader): string {
  const name =
    reader.text('hoodie.table.keygenerator.type') ??
    reader.text('hoodie.table.keygenerator.class')?.split('.').at(-1)
  return (name ?? '').toLowerCase()
}

/** What kind of key generator the properties name; plain where they name none. */
export function keyGeneratorOf(reader: PropertyReader): KeyGenerator {
  const name = keyGeneratorName(reader)
  if (name === '') return 'plain'
  if (name.startsWith('non') || name.startsWith('globaldelete') || name.startsWith('global_delete'))
    return 'none'
  if (name.startsWith('timestamp')) return 'timestamp'
  if (name.startsWith('custom')) return 'custom'
  if (name.startsWith('simple') || name.startsWith('complex')) return 'plain'
  // Some other class: its paths mean whatever it likes, so no value may be read from them.
  return 'foreign'
}
