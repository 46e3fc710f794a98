export { type ByteRange, clipRange } from './byte-range.js'
export { type CacheOptions, cacheStore } from './cache.js'
export { type LocalGateway, type LocalGatewayOptions, localGateway } from './gateway.js'
export { type LimitOptions, limitStore } from './limit.js'
export { type LocalStoreOptions, localStore } from './local.js'
export { sweepUnfinished } from './local-sweep.js'
export { type MemoryStore, memoryStore } from './memory.js'
export { routeStores, type StoreRoute } from './route.js'
export {
  bucketOf,
  canonicalScheme,
  folderUri,
  joinUri,
  locationFromInput,
  normaliseUri,
  parseUri,
  relativeTo,
  type StorageUri,
  sameFolder,
} from './uri.js'
