export { loadConfig, parseConfig, type ServeConfig } from './configuration/config.js'
export { createEngine } from './create-engine.js'
export {
  type CodedServerOptions,
  type ConfiguredServerOptions,
  createSharingServer,
  type SharingServerOptions,
} from './create-sharing-server.js'
export type { AskCatalog, SharesOf } from './embed/asked-catalog.js'
export type { RecipientSettings, SharingSettings } from './embed/settings.js'
export { type OpenTable, type OpenTableOptions, openTable, type Where } from './open-table.js'
export { type RunningServer, startServer } from './serve/start-server.js'
export { type ComposeOptions, type Composition, compose } from './tables/compose.js'
export { type ReceivedTable, receivedTable } from './tables/received-table.js'
export { sourceOf } from './tables/table-source.js'
