import {
  type DataFile,
  type DataType,
  dateText,
  decimalText,
  type Field,
  type TableMetadata,
  timestampText,
  type Value,
} from '@spillway/core'
import type { LineOptions } from './line-options.js'

/**
 * The partition values of files as JSON text, keyed by name. A null value is null. Files of one partition come one after
 * another: their text is made once.
 */
export function partitionTexts({
  metadata,
  partitionFields: fields,
  asRecorded,
}: LineOptions): (file: DataFile) => string {
  // Where columns are mapped, values go by what files call them; those of a Delta log are written elsewhere.
  const usesPhysical = asRecorded && metadata.deltaActions === undefined
  const names = fields.map(field => JSON.stringify(usesPhysical ? field.physicalName : field.name))
  const text = (file: DataFile) =>
    `{${fields.map((field, i) => `${names[i]}:${JSON.stringify(valueIn(file, metadata, field))}`).join(',')}}`
  return whilePartitionIs(samePartition, text)
}

/** `text` of each file, made anew only where `same` does not say that it is that of the file before. */
export function whilePartitionIs(
  same: (a: DataFile, b: DataFile) => boolean,
  text: (file: DataFile) => string,
): (file: DataFile) => string {
  let last: DataFile | undefined
  let kept = ''
  return file => {
    if (last === undefined || !same(last, file)) kept = text(file)
    last = file
    return kept
  }
}

/** True only where `valueIn` finds the same in both, whichever field is asked for. */
function samePartition(a: DataFile, b: DataFile): boolean {
  const spelled = a.delta?.partitionValues
  if (spelled !== b.delta?.partitionValues) return false
  if (spelled !== undefined) return true
  return (
    a.specId === b.specId &&
    a.constants === b.constants &&
    a.partition.length === b.partition.length &&
    a.partition.every((value, i) => Object.is(value, b.partition[i]))
  )
}

function valueIn(file: DataFile, metadata: TableMetadata, field: Field): string | null {
  // Delta's reader has spelled them already: it knows which texts are disputed and must stay as they are.
  const spelled = file.delta?.partitionValues
  if (spelled !== undefined) return spelled.get(field.physicalName) ?? null
  const constant = file.constants?.get(field.id)
  if (constant !== undefined) {
    return constant === null ? null : partitionText(constant, field.type)
  }
  const spec = metadata.partitionSpecs.get(file.specId)
  const index = spec?.fields.findIndex(
    part => part.transform.kind === 'identity' && part.sourceIds[0] === field.id,
  )
  const value = index === undefined || index < 0 ? undefined : file.partition[index]
  return value === undefined || value === null ? null : partitionText(value, field.type)
}

/** One partition value as Delta spells it. */
function partitionText(value: Value, type: DataType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (type === 'date') return dateText(value as number)
  if (type === 'timestamp' || type === 'timestamptz') {
    return timestampText(value as bigint, 6).replace('T', ' ')
  }
  // Others are refused before the first line (`NanoMoments` of the engine).
  if (type === 'timestamp_ns' || type === 'timestamptz_ns') {
    return timestampText((value as bigint) / 1000n, 6).replace('T', ' ')
  }
  if (typeof type === 'object' && type.kind === 'decimal') {
    return decimalText(value as bigint, type.scale)
  }
  return Object.is(value, -0) ? '-0.0' : String(value)
}
