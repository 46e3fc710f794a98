export { AvroCursor } from './avro-cursor.js'
export { type AvroBlock, type AvroFile, readAvroFile } from './avro-file.js'
export {
  type AvroBytes,
  type AvroSink,
  type AvroStep,
  compileAvroScan,
  compileAvroSkip,
} from './avro-scan.js'
export {
  type AvroField,
  type AvroLogical,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  avroField,
  parseAvroSchema,
  withoutNull,
} from './avro-schema.js'
export {
  type AvroObject,
  type AvroValue,
  avroRows,
  compileAvroReader,
  readAvroValue,
} from './avro-value.js'
export {
  type PuffinBlob,
  type PuffinFooter,
  parsePuffinFooter,
  readPuffinBlob,
  readPuffinFooter,
  unwrapDeletionVector,
} from './puffin.js'
