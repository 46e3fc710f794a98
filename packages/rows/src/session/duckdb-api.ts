import { createRequire } from 'node:module'

export type DuckDbApi = typeof import('@duckdb/node-api')

/**
 * The client library, loaded at the first call; throws where there is none for this machine. It is CommonJS in 180 files, of
 * which `import` would read each a second time, for its names: that takes longer than to load them, and gives the same objects.
 */
export async function duckDbApi(): Promise<DuckDbApi> {
  try {
    return createRequire(import.meta.url)('@duckdb/node-api') as DuckDbApi
  } catch {
    // A program that was bundled has it within, where only `import` finds it. Where there is none, this says so.
    return import('@duckdb/node-api')
  }
}
