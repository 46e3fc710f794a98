export { type ParquetTableOptions, parquetTableReader } from './reader.js'
