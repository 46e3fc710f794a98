export { type LocalGateway, type LocalGatewayOptions, localGateway } from './gateway/gateway.js'
export { type CacheOptions, cacheStore } from './layers/cache.js'
export { type LimitOptions, limitStore } from './layers/limit.js'
export { routeStores, type StoreRoute } from './layers/route.js'
export { storeState } from './layers/store-state.js'
export { type LocalStoreOptions, localStore } from './local/local.js'
export { sweepUnfinished } from './local/local-sweep.js'
export { type MemoryStore, memoryStore } from './memory/memory.js'
export {
  folderUri,
  joinUri,
  locationFromInput,
  normaliseUri,
  parseUri,
  relativeTo,
  type StorageUri,
  sameFolder,
} from './objects/uri.js'
export { type SpillFolder, spillFolder } from './spill/spill-folder.js'
