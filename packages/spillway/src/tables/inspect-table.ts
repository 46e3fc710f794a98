import { type JsonObject, type Snapshot, typeName } from '@spillway/core'
import { integerJson } from '../terminal/integer-json.js'
import { nativeFacts, partitionColumns, readerFeatures } from './native-facts.js'
import { type TableFacts, tableFacts } from './table-facts.js'

/** The `inspect` answer of the batch contract: a type, since an interface would not be a `JsonObject`. */
export type Inspected = {
  readonly format: string
  readonly version: string
  readonly timestamp: number
  readonly schema: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
  }[]
  readonly partitionColumns: readonly string[]
  readonly files: number
  readonly deleteFiles: number
  readonly logFiles: number
  readonly bytes: number | string
  readonly records: string | null
  readonly readerFeatures: readonly string[]
  readonly native: JsonObject
}

export async function inspectTable(snapshot: Snapshot, signal?: AbortSignal): Promise<Inspected> {
  return inspectedOf(snapshot, await tableFacts(snapshot, signal))
}

export function inspectedOf(snapshot: Snapshot, facts: TableFacts): Inspected {
  return {
    format: snapshot.format,
    version: snapshot.version.toString(),
    timestamp: snapshot.timestamp,
    schema: snapshot.schema.fields.map(({ name, type, nullable }) => ({
      name,
      type: typeName(type),
      nullable,
    })),
    partitionColumns: partitionColumns(snapshot),
    files: facts.files,
    deleteFiles: facts.positionDeleteFiles + facts.equalityDeleteFiles + facts.deletionVectors,
    logFiles: facts.logFiles,
    bytes: integerJson(BigInt(facts.bytes)),
    records: facts.records === null ? null : facts.records.toString(),
    readerFeatures: readerFeatures(snapshot),
    native: nativeFacts(snapshot, facts),
  }
}
