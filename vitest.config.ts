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
    // Those need other languages, or a minute of processes.
    exclude: ['**/node_modules/**', '**/dist/**', 'test/interop/**', 'test/documents/**'],
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
