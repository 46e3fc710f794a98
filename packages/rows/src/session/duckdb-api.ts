import { createRequire } from 'node:module'

export type DuckDbApi = typeof import('@duckdb/node-api')

const require = createRequire(import.meta.url)

/**
 * The client library, loaded at the first call; throws where there is none for this machine. It is CommonJS in 180 files, of
 * which `import` would read each a second time, for its names: that takes longer than to load them, and gives the same objects.
 */
export function duckDbApi(): DuckDbApi {
  return require('@duckdb/node-api') as DuckDbApi
}
