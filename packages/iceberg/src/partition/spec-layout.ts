import {
  type DataType,
  type Field,
  type PartitionField,
  type PartitionSpec,
  typeName,
} from '@spillway/core'
import { partitionType, transformName } from './transform.js'

/** A partition spec as one snapshot's schema sees it. */
export interface SpecLayout {
  readonly spec: PartitionSpec
  /** The source column of each field, where the schema still has it. */
  readonly sources: readonly (Field | undefined)[]
  /** The type of each field's values; undefined where only a manifest's own schema tells. */
  readonly types: readonly (DataType | undefined)[]
  /** Fields that partition at all: a spec of only void ones does not (spec, "Scan Planning"). */
  readonly isPartitioned: boolean
  /** Equal where everything above is. */
  readonly key: string
}

export interface LayoutFields {
  /** Fields of the snapshot's schema, by id. */
  readonly current: ReadonlyMap<number, Field>
  /** Fields of every schema that the table remembers, by id. */
  readonly known: ReadonlyMap<number, Field>
}

export function specLayout(spec: PartitionSpec, fields: LayoutFields): SpecLayout {
  const sources = spec.fields.map(field => sourceOf(field, fields.current))
  const types = spec.fields.map((field, i) =>
    partitionType(field, (sources[i] ?? sourceOf(field, fields.known))?.type),
  )
  const parts = spec.fields.map((field, i) => {
    const source = sources[i]
    const type = types[i]
    return [
      field.id,
      source?.id,
      source && typeName(source.type),
      type && typeName(type),
      transformName(field.transform),
    ]
  })
  return {
    spec,
    sources,
    types,
    isPartitioned: spec.fields.some(field => field.transform.kind !== 'void'),
    key: JSON.stringify([spec.id, parts]),
  }
}

function sourceOf(field: PartitionField, fields: ReadonlyMap<number, Field>): Field | undefined {
  return field.sourceIds.length === 1 ? fields.get(field.sourceIds[0]!) : undefined
}
