export { type ParquetTableOptions, parquetTableReader } from './reader.js'
export { locationFolders } from './table-location.js'
