export type { CatalogPointer } from './metadata/locate.js'
export { type IcebergReaderOptions, icebergReader } from './reader.js'
