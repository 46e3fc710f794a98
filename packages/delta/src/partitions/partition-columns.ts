import { type Field, typeName } from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'
import { type PartitionType, type PartitionValue, parsePartitionValue } from './partition-values.js'
import {
  firstRecorded,
  type Recorded,
  type RecordedPartition,
  RecordedPartitionBuilder,
  recordedBytes,
} from './recorded-partition.js'
import { TypedPartition } from './typed-partition.js'

/** Partition values by physical name, untyped: types and names are a schema's business, and schemas change. */
export class PartitionColumns {
  readonly #columns: ReadonlyMap<string, RecordedPartition>
  readonly #length: number
  readonly #recordedBytes: number
  /** Columns at a type, by name and type, as far as they were asked for. */
  readonly #typed = new Map<string, TypedPartition>()

  constructor(columns: ReadonlyMap<string, RecordedPartition>, length: number) {
    this.#columns = columns
    this.#length = length
    this.#recordedBytes = recordedBytes(columns)
  }

  /** Asked at every use of the cache: texts are counted once. */
  get byteLength(): number {
    return this.#recordedBytes + this.#typed.size * this.#length
  }

  get names(): Iterable<string> {
    return this.#columns.keys()
  }

  /** What is recorded, by physical name. */
  get columns(): ReadonlyMap<string, RecordedPartition> {
    return this.#columns
  }

  recorded(row: number, name: string): Recorded {
    const column = this.#columns.get(name)
    return column?.texts[column.codes[row]!]
  }

  /** The values of one column at the type that `metadata` gives it. */
  typed(field: Field, metadata: DeltaMetadata): TypedPartition {
    const sources = this.#sources(field.physicalName, metadata)
    const type = partitionType(field, metadata)
    const key = [...sources, '', typeName(type.type), type.integerBits ?? ''].join('\u001f')
    let typed = this.#typed.get(key)
    if (typed === undefined) {
      typed = new TypedPartition(this.#merged(sources), type)
      this.#typed.set(key, typed)
    }
    return typed
  }

  /** Some writers key values in another case than the schema's, and not every file of a table has the same writer. */
  #sources(name: string, { partitionNames }: DeltaMetadata): readonly string[] {
    const lowered = name.toLowerCase()
    const others = [...this.#columns.keys()].filter(
      known => known.toLowerCase() === lowered && known !== name && !partitionNames.has(known),
    )
    return this.#columns.has(name) ? [name, ...others] : others
  }

  #merged(sources: readonly string[]): RecordedPartition {
    const [first, ...others] = sources.map(source => this.#columns.get(source)!)
    if (first === undefined) return { codes: new Uint32Array(this.#length), texts: [undefined] }
    return others.reduce(firstRecorded, first)
  }
}

function partitionType(field: Field, { traits }: DeltaMetadata): PartitionType {
  return { type: field.type, integerBits: traits.get(field.id)?.integerBits }
}

/** The partition of one action that is not part of a batch. */
export function partitionOf(
  recorded: ReadonlyMap<string, string | null>,
  field: Field,
  metadata: DeltaMetadata,
): { readonly recorded: Recorded; readonly value: PartitionValue | undefined } {
  const text = recordedUnder(recorded, field.physicalName, metadata)
  return { recorded: text, value: parsePartitionValue(text, partitionType(field, metadata)) }
}

function recordedUnder(
  recorded: ReadonlyMap<string, string | null>,
  name: string,
  { partitionNames }: DeltaMetadata,
): Recorded {
  const exact = recorded.get(name)
  if (exact !== undefined) return exact
  const lowered = name.toLowerCase()
  for (const [known, text] of recorded) {
    if (known.toLowerCase() === lowered && !partitionNames.has(known)) return text
  }
  return undefined
}

/** Gathers the partition values of a growing batch. */
export class PartitionColumnsBuilder {
  readonly #columns = new Map<string, RecordedPartitionBuilder>()

  set(row: number, name: string, text: string | null): void {
    let column = this.#columns.get(name)
    if (column === undefined) {
      column = new RecordedPartitionBuilder()
      this.#columns.set(name, column)
    }
    column.set(row, text)
  }

  finish(length: number): PartitionColumns {
    const columns = new Map<string, RecordedPartition>()
    for (const [name, column] of this.#columns) columns.set(name, column.finish(length))
    return new PartitionColumns(columns, length)
  }
}
