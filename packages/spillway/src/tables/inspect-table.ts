import { type JsonObject, type Snapshot, typeName } from '@spillway/core'
import { integerJson } from '../terminal/integer-json.js'
import { nativeFacts, partitionColumns, readerFeatures } from './native-facts.js'
import { tableFacts } from './table-facts.js'

/** The `inspect` answer of the batch contract. */
export async function inspectTable(snapshot: Snapshot, signal?: AbortSignal): Promise<JsonObject> {
  const facts = await tableFacts(snapshot, signal)
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
