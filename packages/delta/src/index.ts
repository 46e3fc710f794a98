export { type DeltaReaderOptions, deltaReader } from './reader.js'
