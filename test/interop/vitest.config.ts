import { defineConfig, mergeConfig } from 'vitest/config'
import root from '../../vitest.config.js'

// The root leaves this folder out, because its tests need Go and Python.
export default mergeConfig(
  { ...root, test: {} },
  defineConfig({
    test: { include: ['test/interop/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
  }),
)
