export type { CatalogPointer } from './locate.js'
export { type IcebergReaderOptions, icebergReader } from './reader.js'
