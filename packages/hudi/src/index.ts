export type { HudiReaderOptions } from './options.js'
export { hudiReader } from './reader.js'
