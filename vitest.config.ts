import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Tests run from source: the export condition `@spillway/source` of every workspace package points at src/index.ts
// (decision 0007).
const conditions = ['@spillway/source', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/interop/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One at a time, as is the default on two cores, leaves one of them waiting for processes and time-outs.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
