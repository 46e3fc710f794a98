export type { HudiReaderOptions } from './config/options.js'
export { hudiReader } from './reader.js'
