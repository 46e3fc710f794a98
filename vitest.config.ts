import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vitest/config'

// From source, unless SPILLWAY_BUILT is set: then of what was built, as users get it (decision 0007). The export condition
// `@spillway/source` of every workspace package points at its sources.
const isBuilt = process.env.SPILLWAY_BUILT === '1'
const conditions = [...(isBuilt ? [] : ['@spillway/source']), 'node', 'development|production']

/** What a test imports of a package by its path is the built file, too: a module is there once. */
const built: Plugin = {
  name: 'spillway-built',
  enforce: 'pre',
  resolveId(id, importer) {
    if (importer === undefined || !id.startsWith('.')) return undefined
    const found = /^(.*\/packages\/[^/]+)\/src\/(.*)\.[jt]s$/.exec(
      resolve(dirname(importer), id).replaceAll('\\', '/'),
    )
    return found === null ? undefined : `${found[1]}/dist/${found[2]}.js`
  },
}

export default defineConfig({
  plugins: isBuilt ? [built] : [],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/test/**/*.test.ts',
      'benchmarks/test/**/*.test.ts',
    ],
    // Those need other languages, or a minute of processes.
    exclude: ['**/node_modules/**', '**/dist/**', 'test/interop/**', 'test/documents/**'],
    // Node loads what was built: nothing is compiled once more, and hot paths run as they do for users.
    ...(isBuilt && { server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } } }),
    // Files of one worker share what they import: each would otherwise load and compile the whole house anew.
    isolate: false,
    restoreMocks: true,
    // What was compiled from source is kept between runs: a single file is collected in half the time.
    experimental: { fsModuleCache: true },
    // A second, the default, is nothing on a machine that is busy.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than cores: about a third of the time of all files is waiting for processes and time-outs.
    maxWorkers: availableParallelism() + 1,
  },
})
