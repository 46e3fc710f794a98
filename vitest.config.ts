import { defineConfig } from 'vitest/config'

// Tests run from source: the `source` export condition of every workspace package points at src/index.ts.
const conditions = ['source', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/interop/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
